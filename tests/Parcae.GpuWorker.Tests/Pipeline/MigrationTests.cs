using System.Diagnostics;
using Parcae.Grains;
using Parcae.Grains.Telemetry;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class MigrationTests
{
    // Without an end: the tests stop it when their last reconfiguration has come.
    private static readonly JobSpec Spec = TestJobs.Small;

    [Fact]
    public async Task Joins_leaves_and_depth_changes_leave_the_loss_where_it_was()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.ReachAsync(5);

        foreach (string id in new[] { "c", "d" }) cluster.Add(id);
        var joined = await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"]);
        Assert.True(joined.StartStep > 5);
        await cluster.ReachAsync(joined.StartStep + 4);

        var deeper = await cluster.ReconfigureAsync(1, 3, ["c", "a", "d"]);
        await cluster.ReachAsync(deeper.StartStep + 4);

        var shallower = await cluster.ReconfigureAsync(3, 1, ["d", "b", "a"]);
        await cluster.ReachAsync(shallower.StartStep + 4);
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_step_that_is_abandoned_in_the_middle_is_run_again_or_finished()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c", "d" }) cluster.Add(id);
        await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"]);
        for (int step = 2; step < 30; step += 4)
        {
            await cluster.ReachAsync(step);
            await cluster.ReconfigureAsync(2, 2, ["d", "b", "a", "c"], mode: HaltMode.Now);
        }
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_stage_with_no_survivor_comes_back_from_the_vault()
    {
        await using var cluster = new WorkerCluster(Spec);
        foreach (string id in new[] { "a", "b", "c" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await cluster.ReachAsync(9);

        await cluster.RemoveAsync("b");
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "c"], "vault", HaltMode.Now);

        Assert.True(recovered.StartStep >= 8, $"The job went back to step {recovered.StartStep}.");
        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task A_vault_that_joins_later_takes_a_snapshot_and_writes_checkpoints()
    {
        await using var cluster = new WorkerCluster(Spec);
        cluster.Add("a");
        await cluster.ReconfigureAsync(1, 1, ["a"]);
        await cluster.ReachAsync(3);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 1, ["a"], "vault");
        await cluster.ReachAsync(21);

        var halts = await cluster.HaltAsync(HaltMode.AtBoundary);

        int version = halts.Single(h => h.InstanceId == "a").Layers[0].Version;
        Assert.All(halts.Single(h => h.InstanceId == "vault").Layers, l => Assert.Equal(version, l.Version));
        Assert.Equal(version, await cluster["vault"].Checkpoint("job"));
        int[] written = (await cluster.HaltAsync(HaltMode.Now)).Single(h => h.InstanceId == "vault").Checkpoints;
        Assert.InRange(written.Length, 2, 3); // a disk that is too slow skips some
        Assert.All(written[..^1], step => Assert.Equal(0, step % Spec.Training.CheckpointEvery));
        Assert.Equal(version, written[^1]);
    }

    [Fact]
    public async Task An_older_generation_is_refused_with_both_numbers()
    {
        await using var cluster = new WorkerCluster(Spec);
        var worker = cluster.Add("a");
        await cluster.ReconfigureAsync(1, 1, ["a"]);
        await worker.Halt(new HaltCommand("job", 7, HaltMode.Now, 0));

        var refused = await Assert.ThrowsAsync<StaleGenerationException>(() => worker.Switch(new SwitchCommand("job", 6, 0)));

        Assert.Equal("Generation 6 is refused: this worker accepts generation 7 and later.", refused.Message);
    }

    [Fact]
    public async Task Every_transfer_is_a_span_under_the_preparation_on_both_sides()
    {
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ParcaeTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var cluster = new WorkerCluster(Spec);
        cluster.Add("a");
        await cluster.ReconfigureAsync(1, 1, ["a"]);
        await cluster.ReachAsync(2);
        cluster.Add("b");
        using var preparation = ParcaeTelemetry.Activities.StartActivity("prepare");

        await cluster.ReconfigureAsync(1, 2, ["a", "b"]);
        await cluster.HaltAsync(HaltMode.AtBoundary);

        var mine = spans.Where(s => s.TraceId == preparation!.TraceId).ToArray();
        var transfer = Assert.Single(mine, s => s.OperationName == "transfer");
        Assert.Equal(preparation!.SpanId, transfer.ParentSpanId);
        Assert.Equal(("a", "b"), (transfer.GetTagItem("from"), transfer.GetTagItem("to")));
        var served = mine.Where(s => s.OperationName == "transfer.serve").ToArray();
        Assert.Equal(3, served.Length);
        Assert.All(served, s => Assert.Equal(transfer.SpanId, s.ParentSpanId));
    }
}
