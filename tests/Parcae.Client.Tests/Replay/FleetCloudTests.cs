using Parcae.Cli.Demo;
using Parcae.Cli.Replay;
using Parcae.Cli.Replay.Acting;
using Parcae.Cli.Replay.Fleet;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Replay;

public sealed class FleetCloudTests : IDisposable
{
    private readonly FakeFleet _fleet = new("a", "b", "c");
    private readonly DemoProgress _progress = new("m", "t", [3, 3], TimeProvider.System);
    private readonly DemoAbort _abort = new(TestContext.Current.CancellationToken);

    public void Dispose() => _abort.Dispose();

    [Fact]
    public async Task Losses_count_by_whether_the_notice_came_and_whoever_was_sent_away_counts_as_none()
    {
        var cloud = Cloud();
        await cloud.NoticeAsync("a", TimeSpan.FromSeconds(20), CancellationToken.None);
        cloud.Kill("a", announced: true);
        cloud.Kill("b", announced: false);
        await cloud.SendAwayAsync("c", CancellationToken.None);

        Assert.Empty(await cloud.PutBackAsync());

        Assert.Equal((1, 1), (_progress.Snapshot().Noticed, _progress.Snapshot().Unannounced));
        // 7 s by the trace, and a margin.
        Assert.Equal(["notice a 20", "vanish a 37", "vanish b 37", "vanish c 37", "recall a", "recall b", "recall c"], _fleet.Asked);
        Assert.Null(_abort.Cause);
    }

    [Fact]
    public async Task Whoever_has_only_a_notice_at_the_end_comes_back_without_it()
    {
        var cloud = Cloud();
        await cloud.NoticeAsync("a", TimeSpan.FromSeconds(20), CancellationToken.None);

        Assert.Empty(await cloud.PutBackAsync());

        Assert.Equal(["notice a 20", "vanish a 37", "recall a"], _fleet.Asked);
        Assert.All((await _fleet.GetFleetAsync(cancellation: TestContext.Current.CancellationToken)).Instances, i => Assert.Equal(InstancePhase.Ready, i.Phase));
    }

    [Fact]
    public async Task What_befalls_a_worker_that_is_still_on_its_way_waits_until_it_is_there()
    {
        var cloud = Cloud();
        _fleet.Deaf.Add("a");
        cloud.Kill("a", announced: false);
        _ = cloud.StartAsync("a", TestContext.Current.CancellationToken);
        cloud.Kill("a", announced: false);
        Assert.Equal(["vanish a 37"], _fleet.Asked);

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watch = cloud.WatchAsync(watching.Token);
        _fleet.Deaf.Clear();
        _fleet.Join("a");
        while (_fleet.Asked.Count < 2) await Task.Delay(20, TestContext.Current.CancellationToken);
        await watching.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);

        Assert.Empty(await cloud.PutBackAsync());
        Assert.Equal(["vanish a 37", "vanish a 37", "recall a"], _fleet.Asked);
        Assert.Equal(2, _progress.Snapshot().Unannounced);
    }

    [Fact]
    public async Task Whoever_does_not_come_back_is_named()
    {
        var cloud = Cloud(back: TimeSpan.FromSeconds(1));
        _fleet.Deaf.Add("b");
        cloud.Kill("a", announced: false);
        cloud.Kill("b", announced: false);

        Assert.Equal(["b"], await cloud.PutBackAsync());
    }

    [Fact]
    public async Task A_worker_that_does_not_vanish_is_told_of_and_waited_for_no_longer()
    {
        var cloud = Cloud(stays: TimeSpan.FromSeconds(0.5));
        _fleet.Stay.Add("b");
        cloud.Kill("b", announced: false);

        Assert.Empty(await cloud.PutBackAsync());

        Assert.Contains(_progress.Snapshot().Events, e => e is { Kind: DemoEventKind.Trouble, Text: "b has not vanished though it was told to; its own log says why" });
    }

    [Fact]
    public async Task A_worker_that_is_back_before_it_was_called_is_told_of()
    {
        var cloud = Cloud();
        cloud.Kill("b", announced: false);
        _fleet.Join("b");

        using var watching = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var watch = cloud.WatchAsync(watching.Token);
        while (!_progress.Snapshot().Events.Any(e => e.Kind == DemoEventKind.Trouble)) await Task.Delay(20, TestContext.Current.CancellationToken);
        await watching.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);

        Assert.Contains(_progress.Snapshot().Events, e => e.Text == "b has come back by itself: its supervisor has started it again");
        Assert.Empty(await cloud.PutBackAsync());
    }

    private FleetCloud Cloud(TimeSpan? back = null, TimeSpan? stays = null)
    {
        var records = _fleet.GetFleetAsync().Result.Instances;
        var setting = new ReplaySetting(
            "r1", new ReplayOptions(), new ReplaySource(FleetFitTests.Trace(3, 3), TimeSpan.FromSeconds(10), null, []), records, TimeSpan.FromMinutes(1), "as it is",
            TraceReplay.Create([3, 3], 0, 1, fleet: ["a", "b", "c"]), new JobStatus { JobId = "j", Phase = JobPhase.Training });
        return new FleetCloud(_fleet, _fleet, setting, _progress, _abort)
        {
            UntilBack = _ => TimeSpan.FromSeconds(7),
            BackTimeout = back ?? TimeSpan.FromMinutes(1),
            StaysAfter = stays ?? TimeSpan.FromMinutes(1),
        };
    }
}
