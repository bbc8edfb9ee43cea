using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class NoticeDeliveryTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakePlace _place = new();
    private readonly LogLines<NoticeDelivery> _log = new();

    [Fact]
    public async Task A_notice_arrives_once_the_control_plane_is_back_with_the_time_that_is_left_then()
    {
        var start = _time.GetUtcNow();
        // A store that is away, a fleet that has not heard of us yet, a grain that never answers.
        _place.OnTry = attempt => attempt switch
        {
            1 => Task.FromException(new InvalidOperationException("no connection to Redis")),
            2 => Task.FromException(new KeyNotFoundException("There is no instance 'i-1' in the fleet.")),
            3 => new TaskCompletionSource().Task,
            _ => Task.CompletedTask,
        };
        var delivery = new NoticeDelivery(_place, _time, _log).DeliverAsync(TimeSpan.FromSeconds(120), "spot", CancellationToken.None);
        await PassAsync(delivery, TimeSpan.FromMinutes(1));

        Assert.True(await delivery);
        var (remaining, reason) = Assert.Single(_place.Delivered);
        Assert.Equal((TimeSpan.FromSeconds(120) - (_time.GetUtcNow() - start), "spot"), (remaining, reason));
        // 0.2 + 0.4 + 0.8 seconds of pauses and 2 of waiting for the grain, by steps of a tenth.
        Assert.InRange(120 - remaining.TotalSeconds, 3.4, 4.5);
        Assert.Equal(3, _log.Of(LogLevel.Warning).Length);
    }

    [Fact]
    public async Task After_its_time_a_notice_is_still_worth_something_and_no_time_is_left_in_it()
    {
        _place.OnTry = attempt => attempt < 6 ? Task.FromException(new TimeoutException("away")) : Task.CompletedTask;
        var delivery = new NoticeDelivery(_place, _time, _log).DeliverAsync(TimeSpan.FromSeconds(3), "spot", CancellationToken.None);
        await PassAsync(delivery, TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, Assert.Single(_place.Delivered).Remaining);
    }

    [Fact]
    public async Task A_notice_that_nobody_needs_is_given_up_after_the_first_failure()
    {
        _place.OnTry = _ => Task.FromException(new TimeoutException("away"));
        Assert.False(await new NoticeDelivery(_place, _time, _log).DeliverAsync(TimeSpan.FromSeconds(3), "stop", CancellationToken.None, () => true));
        Assert.Equal(1, _place.Tries);
    }

    /// <summary>Lets time pass in tenths of a second, each only when what is due has run, until the task is done.</summary>
    private async Task PassAsync(Task task, TimeSpan limit)
    {
        var end = _time.GetUtcNow() + limit;
        while (!task.IsCompleted)
        {
            Assert.True(_time.GetUtcNow() < end, "It does not end.");
            await Task.WhenAny(task, Task.Delay(15));
            if (!task.IsCompleted) _time.Advance(TimeSpan.FromMilliseconds(100));
        }
    }
}
