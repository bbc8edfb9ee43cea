using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

public sealed class FencingTests
{
    [Fact]
    public async Task A_worker_that_was_cut_off_trains_on_alone_and_changes_nothing_when_it_comes_back()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small);
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 1, ["b"], "vault");
        await cluster.ReachAsync(3);

        // Nobody reaches b, and b goes on: it computes alone, and only its reports could tell it.
        var straggler = cluster.CutOff("b");
        var second = await cluster.ReconfigureAsync(1, 1, ["a"], "vault", HaltMode.Now);
        await cluster.ReachAsync(second.StartStep + 3);
        var alone = await straggler.WorkerStatus(WorkerCluster.JobId);
        Assert.Equal((WorkerPhase.Running, 1), (alone.Phase, alone.Generation));

        // It is there again: the answer to its next report stops it.
        cluster.TakeBack(straggler);
        using var patience = new CancellationTokenSource(Patience.Long);
        while ((await straggler.WorkerStatus(WorkerCluster.JobId)).Phase == WorkerPhase.Running) await Task.Delay(10, patience.Token);
        await cluster.ReachAsync(cluster.Results.Keys.Max() + 2);
        var stale = await Assert.ThrowsAsync<StaleGenerationException>(() => cluster["a"].Halt(new HaltCommand(WorkerCluster.JobId, 1, HaltMode.Now, 0)));
        Assert.Equal(second.Generation, stale.Fence);

        // And it takes part again: what it computed meanwhile is what the others would have.
        var third = await cluster.ReconfigureAsync(2, 1, ["a", "b"], "vault");
        await cluster.ReachAsync(third.StartStep + 3);
        await Undisturbed.AssertAsync(cluster);
    }
}
