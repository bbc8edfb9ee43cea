using Microsoft.Extensions.Hosting;

namespace Parcae.Silo.Hosting;

/// <summary>Knows when the host was told to stop: those who have to do something before share the time.</summary>
internal sealed class StopClock
{
    private readonly TimeProvider _time;
    private long? _toldAt;

    /// <summary>A clock. Made before the host is told to stop.</summary>
    public StopClock(IHostApplicationLifetime lifetime, TimeProvider time)
    {
        _time = time;
        lifetime.ApplicationStopping.Register(() => _toldAt = time.GetTimestamp());
    }

    /// <summary>What is left of a time that begins when the host is told to stop; never negative.</summary>
    public TimeSpan Left(TimeSpan limit)
    {
        var left = _toldAt is { } since ? limit - _time.GetElapsedTime(since) : limit;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
