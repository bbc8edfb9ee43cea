using System.Globalization;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>Redis does not answer for a while: PARCAE_TEST_AWAY seconds, 15 where nothing is said.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class StoreAwayTests
{
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("PARCAE_TEST_AWAY") ?? "15", CultureInfo.InvariantCulture));

    [Fact]
    public async Task A_control_silo_that_is_told_to_stop_while_Redis_is_away_comes_to_its_end_in_time()
    {
        await using var service = new Deployment(StoreKind.Redis);
        await service.StartStoreAsync();
        await service.ControlAsync("c-1", "--stop-timeout", "5");
        Signals.Freeze(service.Store);
        var (_, seconds) = await Signals.TerminateAsync(service["c-1"]);
        // Four more than was allowed for what comes before the stop, and what a loaded machine takes to see it. Without a limit it would wait for Redis.
        Assert.True(seconds < 30, $"It took {seconds:0.0} s.");
    }

    [Fact]
    public async Task Training_goes_on_while_Redis_is_away_what_has_to_be_saved_waits_and_nothing_is_lost()
    {
        await using var service = new Deployment(StoreKind.Redis);
        await service.StartStoreAsync();
        await service.ControlAsync("c-1");
        await Task.WhenAll(service.WorkerAsync("w-1"), service.WorkerAsync("w-2"));
        await service.SubmitAsync("j-1");
        var before = await service.UntilTrainingAsync("j-1", 100, "w-1", "w-2");

        Signals.Freeze(service.Store);
        var back = Task.Delay(Away, TestContext.Current.CancellationToken);
        var notice = (await service.ClientAsync()).NoticeAsync("w-2", TimeSpan.FromMinutes(10), "drained by hand", cancellation: TestContext.Current.CancellationToken);
        int seen = before.CommittedStep;
        // In each fifth of the time there are new steps, under the same plan.
        for (int fifth = 1; fifth <= 5; fifth++)
        {
            await Task.Delay(Away / 6, TestContext.Current.CancellationToken);
            var now = await service.StatusAsync("j-1");
            Assert.True(now is not null, $"The job does not answer in part {fifth} of the time.");
            Assert.True(now.CommittedStep > seen, $"The job was at step {seen} and is at {now.CommittedStep} in part {fifth} of the time.");
            Assert.Equal(1, now.Plan!.Generation);
            seen = now.CommittedStep;
        }

        Assert.False(notice.IsCompleted, $"The notice has come to its end: {notice.Status} {notice.Exception}");
        await back;
        Signals.Thaw(service.Store);

        await notice;
        await service.UntilTrainingAsync("j-1", 50, "w-1");
        var history = await service.FinishAsync("j-1");
        Assert.All(history.Generations, g => Assert.Equal(0, g.StepsReplayed));
        Assert.Contains(history.Generations, g => g.Cause.Contains("w-2 leaves (notice)", StringComparison.Ordinal));
    }
}
