using Parcae.Grains;

namespace Parcae.Cli.Demo.View;

/// <summary>Plain lines with the time: each event, and every few seconds where the job stands.</summary>
internal sealed class PlainView(TextWriter output, DemoProgress progress) : IDemoView
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var happened in progress.Snapshot().Events) Tell(happened);
        progress.Happened += Tell;
        try
        {
            using var timer = new PeriodicTimer(Every);
            string? last = null;
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                var now = progress.Snapshot();
                if (Line(now) is not { } line || line == last) continue;
                Write(now.Elapsed, line);
                last = line;
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
        finally
        {
            progress.Happened -= Tell;
        }
    }

    /// <summary>Where the job stands, in one line; null before it began.</summary>
    internal static string? Line(DemoSnapshot now)
    {
        if (now.Verifying is var (done, all)) return $"undisturbed run: step {done} of {all}";
        if (now.Status is not { } status) return null;
        string plan = status.Phase == JobPhase.Training && status.Plan is { } p ? $"{p.Pipelines} x {p.Depth}" : $"{status.Phase}".ToLowerInvariant();
        string loss = status.Loss is { } value ? $"  loss {value:0.0000}" : "";
        string interval = status.LastInterval is { } i ? $"  {i.Available} available, {i.ForecastNext:0.0} expected" : "";
        return $"step {status.CommittedStep}{loss}  {status.SamplesPerSecond:0.0} samples/s  {plan}{interval}  {now.Trace} {Math.Floor(now.Position):0}/{now.Counts.Count}";
    }

    private void Tell(DemoEvent happened) => Write(happened.At, happened.Text);

    private void Write(TimeSpan at, string text)
    {
        lock (_lock)
        {
            string[] lines = text.Split('\n');
            output.WriteLine($"{Words.Clock(at)}  {lines[0].TrimEnd('\r')}");
            foreach (string more in lines.Skip(1)) output.WriteLine($"       {more.TrimEnd('\r')}");
            output.Flush();
        }
    }
}
