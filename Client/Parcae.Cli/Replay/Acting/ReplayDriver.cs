namespace Parcae.Cli.Replay.Acting;

/// <summary>Acts a <see cref="TraceReplay"/> out, by a monotonic clock that stands still while the cloud brings instances up.</summary>
internal sealed class ReplayDriver(TraceReplay replay, TimeSpan interval, ICloud cloud, TimeProvider time)
{
    private readonly Lock _lock = new();
    private TimeSpan _before;
    private long? _running;

    /// <summary>Intervals since the replay began, up to the length of the trace or where it was stopped; 0 before.</summary>
    public double Position
    {
        get { lock (_lock) return Math.Min(Now / interval, replay.Counts.Count); }
    }

    private TimeSpan Now => _before + (_running is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero);

    /// <summary>Runs until the last interval is over.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        Run(true);
        try
        {
            await ActAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            Run(false);
        }
    }

    private async Task ActAsync(CancellationToken cancellation)
    {
        var notices = new List<Task>();
        var starts = new List<Task>();
        foreach (var act in replay.Events)
        {
            await UntilAsync(act.At, starts, cancellation).ConfigureAwait(false);
            switch (act.Action)
            {
                case ReplayAction.Start:
                    starts.Add(cloud.StartAsync(act.Instance, cancellation));
                    break;
                case ReplayAction.Notice:
                    // Not waited for: while the service is restarting, a notice may take longer than the interval; the cloud kills on time all the same.
                    notices.Add(cloud.NoticeAsync(act.Instance, act.Left * interval, cancellation));
                    break;
                default:
                    cloud.Kill(act.Instance, act.Announced);
                    break;
            }
        }

        await UntilAsync(replay.Counts.Count, starts, cancellation).ConfigureAwait(false);
        await Task.WhenAll(notices).ConfigureAwait(false);
    }

    /// <summary>Waits for a moment of the trace. Whoever is to come up together is started before any is waited for.</summary>
    private async Task UntilAsync(double at, List<Task> starts, CancellationToken cancellation)
    {
        if (at * interval > Now && starts.Count > 0)
        {
            Run(false);
            await Task.WhenAll(starts).ConfigureAwait(false);
            starts.Clear();
            Run(true);
        }

        var wait = at * interval - Now;
        if (wait > TimeSpan.Zero) await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
    }

    private void Run(bool run)
    {
        lock (_lock) (_before, _running) = (Now, run ? time.GetTimestamp() : null);
    }
}
