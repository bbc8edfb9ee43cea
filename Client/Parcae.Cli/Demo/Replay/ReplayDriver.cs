namespace Parcae.Cli.Demo.Replay;

/// <summary>Acts a <see cref="TraceReplay"/> out, by a monotonic clock.</summary>
internal sealed class ReplayDriver(TraceReplay replay, TimeSpan interval, ICloud cloud, TimeProvider time)
{
    private long? _begin;
    private long? _end;

    /// <summary>Intervals since the replay began, up to the length of the trace or where it was stopped; 0 before.</summary>
    public double Position => _begin is { } begin ? Math.Min(time.GetElapsedTime(begin, _end ?? time.GetTimestamp()) / interval, replay.Counts.Count) : 0;

    /// <summary>Runs until the last interval is over.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        _begin = time.GetTimestamp();
        try
        {
            await ActAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _end = time.GetTimestamp();
        }
    }

    private async Task ActAsync(CancellationToken cancellation)
    {
        var notices = new List<Task>();
        foreach (var act in replay.Events)
        {
            await UntilAsync(act.At, cancellation).ConfigureAwait(false);
            switch (act.Action)
            {
                case ReplayAction.Start:
                    cloud.Start(act.Instance);
                    break;
                case ReplayAction.Notice:
                    // Not waited for: while the service is restarting, a notice may take longer than the interval; the cloud kills on time all the same.
                    notices.Add(cloud.NoticeAsync(act.Instance, interval, cancellation));
                    break;
                default:
                    cloud.Kill(act.Instance, act.Announced);
                    break;
            }
        }

        await UntilAsync(replay.Counts.Count, cancellation).ConfigureAwait(false);
        await Task.WhenAll(notices).ConfigureAwait(false);
    }

    private async Task UntilAsync(double at, CancellationToken cancellation)
    {
        var wait = at * interval - time.GetElapsedTime(_begin!.Value);
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }
}
