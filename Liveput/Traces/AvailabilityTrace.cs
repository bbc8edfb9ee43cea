using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Traces;

/// <summary>One interval of a trace.</summary>
/// <param name="Added">Instances that became usable in it.</param>
/// <param name="Removed">Instances that stopped being usable in it.</param>
/// <param name="Available">Usable at its end.</param>
public readonly record struct TraceInterval(int Added, int Removed, int Available);

/// <summary>A named part of a trace.</summary>
/// <param name="From">Its first interval.</param>
/// <param name="To">One past its last interval.</param>
public readonly record struct TraceSegment(int From, int To);

/// <summary>How many instances were usable over time. In every interval, available = what was there before + added - removed.</summary>
public sealed class AvailabilityTrace
{
    private readonly TraceInterval[] _intervals;
    private readonly SortedDictionary<string, TraceSegment> _segments;

    /// <summary>A trace.</summary>
    /// <param name="name">For people and the command line.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="intervalSeconds">Length of an interval.</param>
    /// <param name="intervals">At least one.</param>
    /// <param name="segments">Named parts.</param>
    /// <exception cref="ArgumentException">An interval does not follow from the one before, a count is negative, or a segment lies outside.</exception>
    public AvailabilityTrace(
        string name, string source, double intervalSeconds, IReadOnlyList<TraceInterval> intervals, IReadOnlyDictionary<string, TraceSegment>? segments = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(intervals);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(intervalSeconds);
        if (intervals.Count == 0) throw new ArgumentException("A trace needs at least one interval.", nameof(intervals));
        (Name, Source, IntervalSeconds, _intervals) = (name, source, intervalSeconds, [.. intervals]);
        for (int i = 0; i < _intervals.Length; i++)
        {
            if (Problem(i == 0 ? null : _intervals[i - 1].Available, _intervals[i]) is { } problem) throw new ArgumentException($"Interval {i}: {problem}.", nameof(intervals));
        }

        _segments = new SortedDictionary<string, TraceSegment>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, segment) in segments ?? new Dictionary<string, TraceSegment>())
        {
            if (segment.From < 0 || segment.To <= segment.From || segment.To > _intervals.Length)
            {
                throw new ArgumentException($"Segment {key} is [{segment.From}, {segment.To}); it must lie within [0, {_intervals.Length}).", nameof(segments));
            }

            _segments[key] = segment;
        }
    }

    /// <summary>For people and the command line.</summary>
    public string Name { get; }

    /// <summary>Where it comes from.</summary>
    public string Source { get; }

    /// <summary>Length of an interval, seconds.</summary>
    public double IntervalSeconds { get; }

    /// <summary>The intervals, oldest first; never empty.</summary>
    public IReadOnlyList<TraceInterval> Intervals => _intervals;

    /// <summary>Named parts, by name, any case.</summary>
    public IReadOnlyDictionary<string, TraceSegment> Segments => _segments;

    /// <summary>Instances usable before the first interval.</summary>
    public int InitialAvailable => _intervals[0].Available - _intervals[0].Added + _intervals[0].Removed;

    /// <summary>The greatest count.</summary>
    public int Peak => _intervals.Max(i => i.Available);

    /// <summary>The smallest count.</summary>
    public int Least => _intervals.Min(i => i.Available);

    /// <summary>Mean of the counts.</summary>
    public double MeanAvailable => _intervals.Average(i => i.Available);

    /// <summary>The named part as a trace of its own.</summary>
    /// <exception cref="ArgumentException">There is no such part; the message lists those that there are.</exception>
    public AvailabilityTrace Segment(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!_segments.TryGetValue(name, out var segment))
        {
            string known = _segments.Count == 0 ? "it has none" : $"it has {string.Join(", ", _segments.Keys)}";
            throw new ArgumentException($"Trace {Name} has no segment {name}; {known}.", nameof(name));
        }

        var (from, to) = segment;
        return Slice(from, to, $"{Name}:{_segments.Keys.First(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase))}");
    }

    /// <summary>The intervals [from, to) as a trace of their own; segments that lie inside go along.</summary>
    public AvailabilityTrace Slice(int from, int to, string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, _intervals.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(from, to);
        var inside = _segments.Where(s => s.Value.From >= from && s.Value.To <= to && s.Value.To - s.Value.From < to - from)
            .ToDictionary(s => s.Key, s => new TraceSegment(s.Value.From - from, s.Value.To - from));
        return new AvailabilityTrace(name ?? $"{Name}[{from}..{to})", Source, IntervalSeconds, _intervals[from..to], inside);
    }

    /// <summary>The trace with counts scaled so that the greatest becomes <paramref name="peak"/>.</summary>
    /// <remarks>
    /// Counts are rounded half up; one that was above 0 stays at least 1, and 0 stays 0. Additions and removals follow from the scaled counts, so small movements may vanish;
    /// where instances came and went within one interval, that churn is scaled too, as far as the counts allow.
    /// </remarks>
    /// <param name="peak">At least 1.</param>
    public AvailabilityTrace ScaleTo(int peak)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(peak, 1);
        int greatest = Math.Max(1, Peak);
        int Scale(int count) => count == 0 ? 0 : Math.Max(1, Rounded(count));
        int Rounded(int count) => (int)(((2L * count * peak) + greatest) / (2L * greatest));

        int before = Scale(InitialAvailable);
        var scaled = new TraceInterval[_intervals.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            int after = Scale(_intervals[i].Available);
            int lost = Math.Max(0, before - after);
            int churn = Math.Min(Rounded(Math.Min(_intervals[i].Added, _intervals[i].Removed)), before - lost);
            scaled[i] = new TraceInterval(Math.Max(0, after - before) + churn, lost + churn, after);
            before = after;
        }

        return new AvailabilityTrace(Name, Source, IntervalSeconds, scaled, _segments);
    }

    /// <summary>The trace as a forecaster's history.</summary>
    public AvailabilityInterval[] ToHistory() => Array.ConvertAll(_intervals, i => new AvailabilityInterval(i.Available, i.Added, i.Removed));

    /// <summary>What is wrong with an interval, or null.</summary>
    internal static string? Problem(int? before, TraceInterval interval)
    {
        var (added, removed, available) = interval;
        if (added < 0 || removed < 0 || available < 0) return $"expected counts of at least 0, found added {added}, removed {removed}, available {available}";
        int start = before ?? available - added + removed;
        if (start < 0) return $"expected at most {available + removed} added, since {available} are available after {removed} removed, found {added}";
        if (removed > start + added) return $"expected at most {start + added} removed, since only {start} were there and {added} came, found {removed}";
        return start + added - removed == available ? null : $"expected available = {start} + {added} - {removed} = {start + added - removed}, found {available}";
    }
}
