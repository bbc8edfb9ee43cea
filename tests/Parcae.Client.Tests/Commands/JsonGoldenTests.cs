using Parcae.Client.Tests.Chaos;
using Parcae.Client.Tests.Fakes;
using Parcae.Client.Tests.Replay;

namespace Parcae.Client.Tests.Commands;

/// <summary>What every verb prints with <c>--json</c> is kept in a file: programs read it.</summary>
public sealed class JsonGoldenTests
{
    /// <summary>The verbs with what is typed after them.</summary>
    private static readonly Dictionary<string, string> Lines = new()
    {
        ["jobs submit"] = "jobs submit - --yes --id first",
        ["jobs list"] = "jobs list",
        ["jobs show"] = $"jobs show {FakeJobs.JobId}",
        ["jobs watch"] = $"jobs watch {FakeJobs.JobId}",
        ["jobs pause"] = $"jobs pause {FakeJobs.JobId}",
        ["jobs resume"] = $"jobs resume {FakeJobs.JobId}",
        ["jobs cancel"] = $"jobs cancel {FakeJobs.JobId}",
        ["jobs events"] = $"jobs events {FakeJobs.JobId} --after 1",
        ["jobs report"] = $"jobs report {FakeJobs.JobId} --out FOLDER/report.html",
        ["jobs download"] = $"jobs download {FakeJobs.JobId} --out FOLDER",
        ["instances list"] = "instances list",
        ["instances drain"] = "instances drain i-0001 --within 2m",
        ["simulate"] = "simulate --profile gpt-1.5b --trace HADP --to 5 --policy ideal,liveput --forecast persistence",
        ["forecast"] = "forecast --trace HADP --forecast persistence --look-ahead 2",
        ["plan"] = "plan --profile gpt-1.5b --available 8 --forecast persistence --top 2",
        ["trace inspect"] = "trace inspect HADP",
        ["trace convert"] = "trace convert HADP FOLDER/hadp.json --to 5",
        ["trace generate poisson"] = "trace generate poisson --seed 7 --out FOLDER/trace.json",
        ["trace generate bursts"] = "trace generate bursts --seed 7 --out FOLDER/trace.json",
        ["trace generate zones"] = "trace generate zones --seed 7 --out FOLDER/trace.json",
        ["trace generate day"] = "trace generate day --seed 7 --out FOLDER/trace.json",
        ["trace generate selfexciting"] = "trace generate selfexciting --seed 7 --out FOLDER/trace.json",
        ["trace generate shifting"] = "trace generate shifting --seed 7 --out FOLDER/trace.json",
        ["completion bash"] = "completion bash",
        ["completion zsh"] = "completion zsh",
        ["completion fish"] = "completion fish",
        ["completion pwsh"] = "completion pwsh",
    };

    /// <summary>Verbs that start processes, with documents of runs that were made up.</summary>
    private static readonly Dictionary<string, Func<Task<string>>> MadeUp = new()
    {
        ["demo"] = () => Task.FromResult(new FakeRun().Result.ToJson()),
        ["replay"] = () => Task.FromResult(ReplayReportTests.Document()),
        ["chaos"] = ChaosCommandTests.DocumentAsync,
    };

    /// <summary>Verbs whose documents are kept by the tests that run them, with the file of these.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new()
    {
        ["profile"] = "tests/Parcae.Client.Tests/Profiling/ProfileCommandTests.cs",
        ["jobs export"] = "tests/Parcae.Silo.Tests/Checkpoints/CheckpointVerbsTests.cs",
        ["jobs generate"] = "tests/Parcae.Silo.Tests/Checkpoints/CheckpointVerbsTests.cs",
    };

    public static TheoryData<string> Verbs => [.. Lines.Keys];

    public static TheoryData<string> MadeUpVerbs => [.. MadeUp.Keys];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task The_document_is_as_it_is_kept(string verb)
    {
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            var (code, output, error) = await CommandRun.RunAsync($"{Lines[verb].Replace("FOLDER", folder, StringComparison.Ordinal)} --json", new FakeJobs(), input: "name: first\ntraining: { steps: 100 }");
            Assert.True(code == 0, error);
            JsonGolden.Same(verb, output, folder, name => name is "planningMs" or "millisecondsPerForecast");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(MadeUpVerbs))]
    public async Task The_document_of_a_run_that_was_made_up_is_as_it_is_kept(string verb) => JsonGolden.Same(verb, await MadeUp[verb](), Path.GetTempPath(), _ => false);

    [Fact]
    public void No_verb_is_left_out()
    {
        Assert.Equal(VerbTree.Leaves.Order(), Lines.Keys.Concat(MadeUp.Keys).Concat(Elsewhere.Keys).Order());
        Assert.Equal(
            VerbTree.Leaves.Select(JsonGolden.NameOf).Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(Path.Combine(Golden.Root, JsonGolden.Folder)).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));
        Assert.All(Elsewhere, e => Assert.Contains($"JsonGolden.Same(\"{e.Key}\"", Golden.Read(e.Value), StringComparison.Ordinal));
    }
}
