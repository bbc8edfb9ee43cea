using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Checkpoints.Bucket;

/// <summary>State vaults whose checkpoints are in a bucket, and whose disks are lost.</summary>
public sealed class VaultBucketTests : IAsyncLifetime
{
    private static readonly JobSpec Spec = TestJobs.Small with { Training = TestJobs.Small.Training with { Steps = 12, CheckpointsKept = 2 } };
    private readonly TemporaryFolder _folder = new();
    private readonly FakeS3 _s3 = new();
    private readonly WorkerCluster _cluster = new(Spec);
    private byte[] _written = [];

    // The default chain looks there first.
    static VaultBucketTests()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "key");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "secret");
    }

    private static string Key => "p/job/step-0000000012.safetensors";

    private string File12 => new CheckpointStore(_folder.Path, "job").PathOf(12);

    /// <summary>Trains with a vault, has it write its last checkpoint, and ends it.</summary>
    public async ValueTask InitializeAsync()
    {
        foreach (string id in new[] { "a", "b" }) _cluster.Add(id);
        var vault = Vault("vault", _cluster.CheckpointFolder);
        await _cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await _cluster.ReachAsync(11);
        await _cluster.HaltAsync(HaltMode.AtBoundary);
        Assert.Equal(12, await vault.Checkpoint("job"));
        await vault.SettleUploadsAsync().WaitAsync(Patience.Long);
        _written = await File.ReadAllBytesAsync(new CheckpointStore(_cluster.CheckpointFolder, "job").PathOf(12));
        Assert.Equal(_written, _s3.Objects[Key]);
        await _cluster.RemoveAsync("vault");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _s3.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_vault_with_an_empty_disk_tells_of_the_buckets_checkpoints_and_restores_one_to_the_last_bit()
    {
        var vault = Vault();
        var report = await vault.Halt(new HaltCommand("job", 100, HaltMode.Now, 3));
        Assert.Contains(12, report.Checkpoints);
        Assert.Equal(Enumerable.Range(3, 9), report.CheckpointResults.Select(r => r.Step));
        Assert.Equal(_cluster.Results.Where(r => r.Key >= 3).OrderBy(r => r.Key).Select(r => r.Value with { Seconds = 0 }), report.CheckpointResults.Select(r => r with { Seconds = 0 }));
        Assert.Null(report.CheckpointsUnread);

        // As the download verb does.
        var listed = (await vault.Checkpoints("job"))[^1];
        Assert.Equal((12, _written.Length, "next"), (listed.Step, listed.Bytes, listed.InstanceId));
        var piece = await vault.ReadCheckpoint("job", 12, 1000, 500);
        Assert.Equal((_written.Length, listed.WrittenAt), (piece.Length, piece.WrittenAt));
        Assert.Equal(_written[1000..1500], piece.Data);
        Assert.Empty((await vault.ReadCheckpoint("job", 12, _written.Length, 500)).Data);
        await Assert.ThrowsAsync<KeyNotFoundException>(() => vault.ReadCheckpoint("job", 13, 0, 1));

        await vault.Prepare(Restore(101));
        var held = (await vault.Halt(new HaltCommand("job", 102, HaltMode.Now, 0))).Layers;
        Assert.Equal(Enumerable.Range(0, 6).Select(layer => new LayerHolding(layer, 12, false)), held);
        Assert.Equal(_written, await File.ReadAllBytesAsync(File12));
        Assert.Equal(_s3.Objects[Key.Replace("safetensors", "results", StringComparison.Ordinal)], await File.ReadAllBytesAsync(Path.ChangeExtension(File12, "results")));
        Assert.Equal(listed, (await vault.Checkpoints("job"))[^1]);
    }

    [Fact]
    public async Task A_bucket_that_is_away_is_no_proof_that_there_is_no_checkpoint()
    {
        _s3.Fault = _ => new S3Fault(403, "AccessDenied");
        var vault = Vault();
        var report = await vault.Halt(new HaltCommand("job", 100, HaltMode.Now, 0));
        Assert.Empty(report.Checkpoints);
        Assert.Equal("s3://bucket/p does not answer: AccessDenied (403): the server says AccessDenied.", report.CheckpointsUnread);
        Assert.Empty(await vault.Checkpoints("job"));
        var away = await Assert.ThrowsAsync<CheckpointAwayException>(() => vault.Prepare(Restore(101)));
        Assert.Equal("The checkpoint of step 12 of job job could not be fetched from s3://bucket/p: AccessDenied (403): the server says AccessDenied.", away.Message);

        // Its silence says less than what it said before.
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _s3.Fault = _ => new S3Fault(Until: never.Task);
        report = await vault.Halt(new HaltCommand("job", 102, HaltMode.Now, 0)).WaitAsync(Patience.Long);
        Assert.Equal("s3://bucket/p does not answer: AccessDenied (403): the server says AccessDenied.", report.CheckpointsUnread);
        never.SetResult();

        _s3.Fault = _ => null;
        Assert.Contains(12, (await vault.Halt(new HaltCommand("job", 103, HaltMode.Now, 0))).Checkpoints);
        await vault.Prepare(Restore(104));
    }

    [Fact]
    public async Task A_checkpoint_that_is_damaged_in_the_bucket_is_refused_and_one_that_is_damaged_on_the_disk_is_fetched_anew()
    {
        var vault = Vault();
        byte[] damaged = [.. _written];
        damaged[^5] ^= 1;
        _s3.Objects[Key] = damaged;
        var e = await Assert.ThrowsAsync<CheckpointException>(() => vault.Prepare(Restore(101)));
        Assert.Contains("is damaged", e.Message);
        Assert.False(File.Exists(File12));
        Assert.Empty((await vault.Halt(new HaltCommand("job", 102, HaltMode.Now, 0))).Layers);

        _s3.Objects[Key] = _written;
        await File.WriteAllBytesAsync(File12, damaged);
        await vault.Prepare(Restore(103));
        Assert.Equal(_written, await File.ReadAllBytesAsync(File12));
    }

    [Fact]
    public async Task A_download_that_takes_longer_than_an_attempt_goes_on_and_the_next_attempt_has_it()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _s3.Fault = r =>
        {
            if (r != "GET " + Key) return null;
            begun.TrySetResult();
            return new S3Fault(Until: goOn.Task);
        };
        var vault = Vault();
        var first = vault.Prepare(Restore(101));
        await begun.Task.WaitAsync(Patience.Long);
        await vault.Halt(new HaltCommand("job", 102, HaltMode.Now, 0)).WaitAsync(Patience.Long);
        await Assert.ThrowsAsync<StaleGenerationException>(() => first);

        var second = vault.Prepare(Restore(103));
        goOn.SetResult();
        await second.WaitAsync(Patience.Long);
        Assert.Single(_s3.Requests, r => r == "GET " + Key);
    }

    [Fact]
    public async Task A_vault_that_holds_its_copy_does_not_ask_the_bucket_when_a_halt_is_planned()
    {
        var vault = Vault("next", _folder.Path);
        await _cluster.ReconfigureAsync(1, 2, ["a", "b"], "next");
        await Patience.Until(() => vault.WorkerStatus("job").Result is { Phase: WorkerPhase.Running });
        _s3.Fault = _ => new S3Fault(503, "SlowDown");
        await _cluster.HaltAsync(HaltMode.AtBoundary);
        int asked = _s3.Requests.Count;
        var report = await vault.Halt(new HaltCommand("job", 1000, HaltMode.AtBoundary, 0));
        Assert.Equal("s3://bucket/p was not asked", report.CheckpointsUnread);
        Assert.NotEmpty(report.Layers);
        Assert.Equal(asked, _s3.Requests.Count);
    }

    private WorkerHost Vault(string id = "next", string? folder = null) => _cluster.Add(id, InstanceRole.Vault, configure: o =>
    {
        o.CheckpointFolder = folder ?? _folder.Path;
        (o.CheckpointBucket, o.BucketEndpoint, o.BucketPathStyle) = ("s3://bucket/p", _s3.Endpoint, true);
    });

    private static PrepareCommand Restore(int generation) => new()
    {
        Plan = new GenerationPlan { JobId = "job", Generation = generation, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = 12 },
        Spec = Spec,
        Salt = new byte[32],
        Sources = [],
        RestoreCheckpoint = 12,
    };
}
