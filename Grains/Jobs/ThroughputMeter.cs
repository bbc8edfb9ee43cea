namespace Parcae.Grains.Jobs;

/// <summary>Samples per second over the last seconds, pauses included.</summary>
internal sealed class ThroughputMeter
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Queue<(DateTimeOffset At, long Samples)> _marks = new();

    /// <summary>Notes how many samples are committed now.</summary>
    public void Add(DateTimeOffset now, long samples)
    {
        // A job that fell back begins anew: what is run again does not count as speed.
        if (_marks.Count > 0 && samples < _marks.Last().Samples) _marks.Clear();
        _marks.Enqueue((now, samples));
        Trim(now);
    }

    /// <summary>The rate; 0 without two marks in the window.</summary>
    public double SamplesPerSecond(DateTimeOffset now)
    {
        Trim(now);
        if (_marks.Count < 2) return 0;
        var (first, last) = (_marks.Peek(), _marks.Last());
        double seconds = (last.At - first.At).TotalSeconds;
        return seconds > 0 ? (last.Samples - first.Samples) / seconds : 0;
    }

    private void Trim(DateTimeOffset now)
    {
        while (_marks.Count > 0 && now - _marks.Peek().At > Window) _marks.Dequeue();
    }
}
