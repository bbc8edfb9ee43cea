using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Service;

public sealed class JobFilesTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly AllowedFolders _allowed;

    public JobFilesTests()
    {
        _root.File("data/text/a.txt", "a");
        _root.File("models/b.json", "b");
        _root.File("secrets/password", "c");
        _allowed = new AllowedFolders(At("data"), At("models") + "/");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Files_in_the_folders_and_the_folders_themselves_are_used()
    {
        JobFiles.Check(Job(data: new DataSpec { Paths = [At("data/text/a.txt"), At("data"), At("data/text/"), At("models/../data/text")], CacheFolder = At("models/cache"), VocabularyFile = At("models/b.json") }), _allowed);
        JobFiles.Check(Job(data: new DataSpec { Paths = ["/etc/passwd"] }), null);
        JobFiles.Check(TestJobs.Small with { Data = new DataSpec { Kind = "synthetic" } }, _allowed);
    }

    [Fact]
    public void Whatever_else_a_job_names_is_refused_with_its_member()
    {
        File.CreateSymbolicLink(At("data/link"), At("secrets/password"));
        Directory.CreateSymbolicLink(At("data/folder"), At("secrets"));
        Directory.CreateSymbolicLink(At("data/round"), At("data/round"));
        foreach (string elsewhere in (string[])[At("secrets/password"), At("data/../secrets/password"), At("data/link"), At("data/folder/password"), At("data/round/password"), At("database"), "relative", "/"])
        {
            Refused("data.paths", new DataSpec { Paths = [At("data"), elsewhere] });
            Refused("data.cacheFolder", new DataSpec { CacheFolder = elsewhere });
            Refused("data.vocabularyFile", new DataSpec { VocabularyFile = elsewhere });
            Refused("data.mergesFile", new DataSpec { MergesFile = elsewhere });
            Refused("model.initialWeights", new DataSpec(), elsewhere);
        }

        void Refused(string member, DataSpec data, string? weights = null)
        {
            string message = Assert.Throws<ArgumentException>(() => JobFiles.Check(Job(data, weights), _allowed)).Message;
            Assert.StartsWith(member + ": ", message, StringComparison.Ordinal);
            Assert.Contains($"--data-folders, {At("data")}, {At("models")}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_worker_and_a_vault_refuse_such_a_job_whatever_they_are_asked()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small) { DataFolders = _allowed };
        foreach (var host in (WorkerHost[])[cluster.Add("a"), cluster.Add("vault", InstanceRole.Vault)])
        {
            var plan = new GenerationPlan { JobId = "job", Generation = 1, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = 0 };
            await Assert.ThrowsAsync<ArgumentException>(() => host.Describe(TestJobs.Small));
            await Assert.ThrowsAsync<ArgumentException>(() => host.Prepare(new PrepareCommand { Plan = plan, Spec = TestJobs.Small, Salt = [], Sources = [] }));
            await Assert.ThrowsAsync<ArgumentException>(() => host.Shadow(new ShadowCommand { JobId = "job", Generation = 1, Spec = TestJobs.Small, Salt = [], Sources = [] }));
        }
    }

    private static JobSpec Job(DataSpec data, string? weights = null) => TestJobs.Small with { Data = data, Model = TestJobs.Small.Model with { InitialWeights = weights } };

    private string At(string path) => Path.Combine(_root.Path, path);
}
