using System.Diagnostics;
using System.Globalization;
using Parcae.GpuWorker.Tests.Checkpoints.Bucket;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>Control silos that lose their disks, and have a bucket.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class BucketTests
{
    // The processes find them by the SDK's default chain.
    static BucketTests()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "a-key");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-test");
    }

    [Fact]
    public async Task Everything_is_killed_and_the_control_silos_disk_is_lost_and_the_job_goes_on_from_the_bucket()
    {
        await using var s3 = new FakeS3();
        await using var service = await TrainingAsync(s3.Endpoint);
        await service.UntilAsync(() => Task.FromResult(Steps(s3).Any(s => s >= 100)), () => $"a checkpoint of step 100 or later is in the bucket, not only {string.Join(", ", s3.Objects.Keys)}");

        await Signals.KillAsync(service["c-1"], service["w-1"], service["w-2"]);
        Directory.Delete(Checkpoints(service), recursive: true);
        // Nobody knows yet that the bucket will not give anything at first.
        s3.Fault = _ => new S3Fault(503, "SlowDown");
        await service.RestartAsync("c-1");
        await service.RestartAsync("w-1", "w-2");
        await service.UntilAsync(
            async () => await service.StatusAsync("j-1") is { Phase: JobPhase.Paused, Reason: { } reason } && reason.Contains("s3://bucket/parcae does not answer: SlowDown (503)", StringComparison.Ordinal), () => "the job waits for the bucket");
        s3.Fault = _ => null;

        var after = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        Assert.True(after.Plan!.StartStep >= 100, $"The job went on from step {after.Plan.StartStep}.");
        var history = await service.FinishAsync("j-1");
        Assert.Contains(history.Generations, g => g.Source == "checkpoint");
        Assert.DoesNotContain("a-secret-of-this-test", service.Output);
    }

    [Fact]
    public async Task A_server_that_is_not_ours_gives_the_checkpoints_back_too()
    {
        LongTests.Only();
        await using var moto = await MotoServer.StartAsync();
        await using var service = await TrainingAsync(moto.Endpoint);
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("the checkpoint of step 150 is in s3://bucket/parcae", StringComparison.Ordinal)), () => "the checkpoint of step 150 is in the bucket");
        await Signals.KillAsync(service["c-1"], service["w-1"], service["w-2"]);
        Directory.Delete(Checkpoints(service), recursive: true);
        await service.RestartAsync("c-1");
        await service.RestartAsync("w-1", "w-2");
        var after = await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        Assert.True(after.Plan!.StartStep >= 150, $"The job went on from step {after.Plan.StartStep}.");
        await service.FinishAsync("j-1");
    }

    [Fact]
    public async Task A_stop_waits_until_the_last_checkpoint_is_in_the_bucket_and_no_step_is_run_again_on_another_disk()
    {
        await using var s3 = new FakeS3();
        await using var service = await TrainingAsync(s3.Endpoint);
        // The bucket is slow.
        s3.Fault = r => r.StartsWith("PUT", StringComparison.Ordinal) ? new S3Fault(Until: Task.Delay(TimeSpan.FromSeconds(1))) : null;
        await Task.WhenAll(Signals.TerminateAsync(service["w-1"]), Signals.TerminateAsync(service["w-2"]));
        var (code, seconds) = await Signals.TerminateAsync(service["c-1"]);
        Assert.True(code == 0 && seconds < 30, $"c-1 ended with exit code {code} after {seconds:0.0} s.");
        Directory.Delete(Checkpoints(service), recursive: true);
        s3.Fault = _ => null;
        await service.RestartAsync("c-1");
        await service.RestartAsync("w-1", "w-2");
        await service.UntilTrainingAsync("j-1", 50, "w-1", "w-2");
        var history = await service.FinishAsync("j-1");
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.Contains(history.Generations, g => g.Source == "checkpoint");
    }

    [Fact]
    public async Task A_stop_does_not_take_longer_than_it_may_for_a_bucket_that_is_away_and_says_what_is_missing()
    {
        await using var s3 = new FakeS3();
        s3.Fault = r => r.StartsWith("PUT", StringComparison.Ordinal) ? new S3Fault(403, "AccessDenied") : null;
        await using var service = await TrainingAsync(s3.Endpoint, "--stop-timeout", "4");
        await service.UntilAsync(
            async () => await service.StatusAsync("j-1") is { Vault.CheckpointFailure: { } failure } && failure.EndsWith("could not be uploaded to s3://bucket/parcae: AccessDenied (403): the server says AccessDenied.", StringComparison.Ordinal),
            () => "the job's status says why the checkpoint is not in the bucket");
        var (code, seconds) = await Signals.TerminateAsync(service["c-1"]);
        Assert.True(code == 0 && seconds < 10, $"c-1 ended with exit code {code} after {seconds:0.0} s.");
        Assert.Contains("Within 4 s not all checkpoints were brought into the bucket. They are on the disk alone until this silo starts on it again: step ", service.Output);

        s3.Fault = _ => null;
        await service.RestartAsync("c-1");
        await service.UntilAsync(() => Task.FromResult(Steps(s3).Any()), () => "what the bucket lacks is uploaded after the start");
    }

    private static string Checkpoints(Deployment service) => Path.Combine(service.Folder, "checkpoints");

    private static IEnumerable<int> Steps(FakeS3 s3) => s3.Objects.Keys.Where(k => k.StartsWith("parcae/j-1/step-", StringComparison.Ordinal) && k.EndsWith(".safetensors", StringComparison.Ordinal))
        .Select(k => int.Parse(k["parcae/j-1/step-".Length..^".safetensors".Length], CultureInfo.InvariantCulture));

    private static async Task<Deployment> TrainingAsync(string endpoint, params string[] more)
    {
        var service = new Deployment(StoreKind.Embedded);
        await service.StartStoreAsync();
        await service.ControlAsync("c-1", ["--checkpoint-bucket", "s3://bucket/parcae", "--bucket-endpoint", endpoint, "--bucket-path-style", "true", .. more]);
        await Task.WhenAll(service.WorkerAsync("w-1"), service.WorkerAsync("w-2"));
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 150, "w-1", "w-2");
        // A job that knows of no step when its silos come back, and of no vault, begins from its seed. It knows of steps when it has saved.
        var watch = Stopwatch.StartNew();
        await service.UntilAsync(() => Task.FromResult(watch.Elapsed > 2 * new JobOptions().SavePeriod), () => "the job has saved");
        return service;
    }
}
