using Microsoft.Extensions.Time.Testing;

using Parcae.Cli.Replay.Acting;

namespace Parcae.Client.Tests.Replay;

public sealed class ReplayDriverTests
{
    [Fact]
    public async Task The_cloud_acts_at_the_trace_times_of_a_monotonic_clock()
    {
        var time = new FakeTimeProvider();
        var cloud = new RecordingCloud(time);
        var replay = TraceReplay.Create([3, 3, 2, 4], 0, 1);
        var driver = new ReplayDriver(replay, TimeSpan.FromSeconds(3), cloud, time);
        var run = driver.RunAsync(CancellationToken.None);
        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        await run;
        string lost = replay.Events.Single(e => e.Action == ReplayAction.Kill).Instance;
        Assert.Equal([(3.0, $"notice {lost} 3"), (6.0, $"kill {lost} True"), (9.0, "start i-0004"), (9.0, "start i-0005")], cloud.Acts.Select(a => (Math.Round(a.At), a.What)));
        Assert.Equal(4, driver.Position);
    }

    [Fact]
    public async Task A_notice_that_hangs_does_not_delay_the_kill()
    {
        var time = new FakeTimeProvider();
        var cloud = new RecordingCloud(time) { Notice = new TaskCompletionSource() };
        var driver = new ReplayDriver(TraceReplay.Create([2, 2, 1, 1], 0, 1), TimeSpan.FromSeconds(1), cloud, time);
        using var stop = new CancellationTokenSource();
        var run = driver.RunAsync(stop.Token);
        for (int i = 0; i < 200 && !cloud.Acts.Any(a => a.What.StartsWith("kill", StringComparison.Ordinal)); i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Contains(cloud.Acts, a => a.What.StartsWith("kill", StringComparison.Ordinal));
        cloud.Notice.SetResult();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task The_trace_stands_still_until_all_who_come_together_are_up()
    {
        var time = new FakeTimeProvider();
        var up = new TaskCompletionSource();
        var cloud = new RecordingCloud(time) { Up = up.Task };
        var driver = new ReplayDriver(TraceReplay.Create([1, 3, 2], 0, 1), TimeSpan.FromSeconds(1), cloud, time);
        var run = driver.RunAsync(CancellationToken.None);
        while (cloud.Acts.Count < 2) time.Advance(TimeSpan.FromMilliseconds(100));
        for (int i = 0; i < 100; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(1, driver.Position);
        Assert.Equal(["start i-0002", "start i-0003"], cloud.Acts.Where(a => !a.What.StartsWith("notice", StringComparison.Ordinal)).Select(a => a.What));
        up.SetResult();
        while (!run.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await run;
        Assert.InRange(cloud.Acts[^1].At, 102, 103);
        Assert.StartsWith("kill", cloud.Acts[^1].What, StringComparison.Ordinal);
        Assert.Equal(3, driver.Position);
    }

    private sealed class RecordingCloud(FakeTimeProvider time) : ICloud
    {
        private readonly long _begin = time.GetTimestamp();

        public List<(double At, string What)> Acts { get; } = [];

        public TaskCompletionSource? Notice { get; init; }

        public Task? Up { get; init; }

        public Task StartAsync(string instance, CancellationToken cancellation)
        {
            Add($"start {instance}");
            return Up ?? Task.CompletedTask;
        }

        public Task NoticeAsync(string instance, TimeSpan remaining, CancellationToken cancellation)
        {
            Add($"notice {instance} {remaining.TotalSeconds}");
            return Notice?.Task ?? Task.CompletedTask;
        }

        public void Kill(string instance, bool announced) => Add($"kill {instance} {announced}");

        private void Add(string what) => Acts.Add((time.GetElapsedTime(_begin).TotalSeconds, what));
    }
}
