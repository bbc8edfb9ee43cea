using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Service;

public sealed class GenerationFenceTests
{
    [Fact]
    public void What_is_overtaken_may_ask_the_fence_from_any_thread()
    {
        using var fence = new GenerationFence();
        int seen = 0;
        using var asking = fence.Raise(1).Register(() =>
        {
            var lowest = Task.Run(() => fence.Lowest);
            seen = lowest.Wait(Patience.Long) ? lowest.Result : -1;
        });

        fence.Raise(2);

        Assert.Equal(2, seen);
    }

    [Fact]
    public async Task What_ends_with_its_generation_says_which_one_came()
    {
        using var fence = new GenerationFence();
        var work = fence.UntilOvertakenAsync(3, async overtaken =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, overtaken);
            return 0;
        });

        fence.Raise(5);

        var stale = await Assert.ThrowsAsync<StaleGenerationException>(() => work);
        Assert.Equal((3, 5), (stale.Generation, stale.Fence));
    }

    [Fact]
    public async Task A_release_that_later_commands_overtook_is_void()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small);
        var worker = cluster.Add("a");
        var first = await cluster.ReconfigureAsync(1, 1, ["a"]);
        var second = await cluster.ReconfigureAsync(1, 1, ["a"]);

        var stale = await Assert.ThrowsAsync<StaleGenerationException>(() => worker.Release(WorkerCluster.JobId, first.Generation));

        Assert.Equal((first.Generation, second.Generation), (stale.Generation, stale.Fence));
        await cluster.ReachAsync(second.StartStep + 3);
        await worker.Release(WorkerCluster.JobId, second.Generation);
        Assert.Equal(WorkerPhase.Idle, (await worker.WorkerStatus(WorkerCluster.JobId)).Phase);
    }

    [Fact]
    public async Task Whoever_asks_what_a_worker_does_never_meets_a_switch()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small);
        var worker = cluster.Add("a");
        await cluster.ReconfigureAsync(1, 1, ["a"]);
        using var stop = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested) await worker.WorkerStatus(WorkerCluster.JobId);
        }, CancellationToken.None);

        for (int i = 0; i < 40; i++) await cluster.ReconfigureAsync(1, 1, ["a"], mode: HaltMode.Now).WaitAsync(Patience.Long, TestContext.Current.CancellationToken);

        await stop.CancelAsync();
        await asking.WaitAsync(Patience.Long, TestContext.Current.CancellationToken);
    }
}
