using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Tests.Availability.Fakes;
using Xunit;

namespace Parcae.Silo.Tests.Availability;

public sealed class DepartureTests
{
    private readonly FakePlace _place = new();
    private readonly LogLines<Departure> _log = new();

    [Fact]
    public async Task A_stop_is_a_notice_and_waits_until_no_job_needs_the_instance()
    {
        string? user = "job j-1";
        _place.User = () => user;
        var stop = StopAsync(TimeSpan.FromMinutes(5));
        await _place.First;
        Assert.Equal((TimeSpan.FromMinutes(5).TotalMinutes, "its process is told to stop"), (Math.Round(_place.Delivered[0].Remaining.TotalMinutes, 1), _place.Delivered[0].Reason));
        await Patience.Until(() => _place.Questions >= 3);
        Assert.False(stop.IsCompleted);

        user = null;
        await stop.WaitAsync(Patience.Long);
        Assert.Empty(_log.Of(LogLevel.Warning));
    }

    [Fact]
    public async Task A_stop_ends_when_its_time_is_over_though_a_job_still_needs_the_instance()
    {
        _place.User = () => "job j-1";
        await StopAsync(TimeSpan.FromMilliseconds(300)).WaitAsync(Patience.Long);
        Assert.Contains("though it was still needed", Assert.Single(_log.Of(LogLevel.Warning)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_control_plane_an_idle_worker_stops_at_once()
    {
        _place.OnTry = _ => Task.FromException(new TimeoutException("away"));
        _place.IsIdle = true;
        await StopAsync(TimeSpan.FromMinutes(5)).WaitAsync(Patience.Long);
        Assert.Equal((1, 0), (_place.Tries, _place.Questions));
    }

    [Fact]
    public async Task Without_a_control_plane_a_worker_that_trains_stays_until_it_is_told_that_nobody_needs_it()
    {
        _place.OnTry = attempt => attempt < 3 ? Task.FromException(new TimeoutException("away")) : Task.CompletedTask;
        await StopAsync(TimeSpan.FromMinutes(5)).WaitAsync(Patience.Long);
        Assert.Equal((3, 1), (_place.Tries, _place.Questions));
    }

    [Fact]
    public async Task No_stop_time_is_no_notice()
    {
        await StopAsync(TimeSpan.Zero).WaitAsync(Patience.Long);
        Assert.Equal(0, _place.Tries);
    }

    private Task StopAsync(TimeSpan limit) => new Departure(
        new NoticeDelivery(_place, TimeProvider.System, NullLogger<NoticeDelivery>.Instance), new UntilFree(_place, TimeProvider.System, NullLogger<UntilFree>.Instance), _place,
        Options.Create(new AvailabilityOptions { StopTimeout = limit }), TimeProvider.System, _log).StoppingAsync(CancellationToken.None);
}
