using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Traces;

/// <summary>How many instances were usable over time. In every interval, available = what was there before + added - removed.</summary>
/// <remarks>A trace may be split into zones; then every number of it is the sum over the zones, whatever is cut out of it or scaled.</remarks>
public sealed class AvailabilityTrace
{
    private readonly TraceInterval[] _intervals;
    private readonly SortedDictionary<string, TraceSegment> _segments = new(StringComparer.OrdinalIgnoreCase);
    private readonly SortedDictionary<string, IReadOnlyList<TraceInterval>> _zones = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A trace.</summary>
    /// <param name="name">For people and the command line.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="intervalSeconds">Length of an interval, <see cref="TraceLimits.MinIntervalSeconds"/> to <see cref="TraceLimits.MaxIntervalSeconds"/>.</param>
    /// <param name="intervals">At least one.</param>
    /// <param name="segments">Named parts.</param>
    /// <param name="zones">The zones' own intervals, as many as the trace has, which add up to it; none for a trace without zones.</param>
    /// <exception cref="ArgumentException">An interval does not follow from the one before, a count is negative, a segment lies outside, or the zones do not add up.</exception>
    public AvailabilityTrace(
        string name,
        string source,
        double intervalSeconds,
        IReadOnlyList<TraceInterval> intervals,
        IReadOnlyDictionary<string, TraceSegment>? segments = null,
        IReadOnlyDictionary<string, IReadOnlyList<TraceInterval>>? zones = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(intervals);
        if (!TraceLimits.IsInterval(intervalSeconds))
        {
            throw new ArgumentOutOfRangeException(
                nameof(intervalSeconds), intervalSeconds, $"An interval lasts {TraceLimits.MinIntervalSeconds} to {TraceLimits.MaxIntervalSeconds} seconds.");
        }

        if (intervals.Count == 0) throw new ArgumentException("A trace needs at least one interval.", nameof(intervals));
        if ((long)intervals.Count * Math.Max(1, zones?.Count ?? 0) > TraceLimits.MaxIntervals)
        {
            throw new ArgumentException($"A trace has at most {TraceLimits.MaxIntervals} intervals in all its zones, not {intervals.Count} x {Math.Max(1, zones?.Count ?? 0)}.", nameof(intervals));
        }

        (Name, Source, IntervalSeconds, _intervals) = (name, source, intervalSeconds, [.. intervals]);
        Check("Interval", _intervals, nameof(intervals));
        foreach (var (key, segment) in segments ?? new Dictionary<string, TraceSegment>())
        {
            if (segment.From < 0 || segment.To <= segment.From || segment.To > _intervals.Length)
            {
                throw new ArgumentException($"Segment {key} is [{segment.From}, {segment.To}); it must lie within [0, {_intervals.Length}).", nameof(segments));
            }

            _segments[key] = segment;
        }

        foreach (var (key, zone) in zones ?? new Dictionary<string, IReadOnlyList<TraceInterval>>())
        {
            if (TraceZones.NameProblem(key) is { } problem) throw new ArgumentException($"Zone '{key}': {problem}.", nameof(zones));
            TraceInterval[] own = [.. zone];
            if (own.Length != _intervals.Length) throw new ArgumentException($"Zone {key} has {own.Length} intervals; it must have {_intervals.Length}, like the trace.", nameof(zones));
            Check($"Zone {key}, interval", own, nameof(zones));
            if (!_zones.TryAdd(key, own)) throw new ArgumentException($"Zone {key} is there twice.", nameof(zones));
        }

        if (_zones.Count > 0 && TraceZones.Difference(_intervals, _zones) is { } difference) throw new ArgumentException($"Trace {name}: {difference}.", nameof(zones));
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

    /// <summary>The zones' own intervals, by name, any case, in order of the names; they add up to <see cref="Intervals"/>. Empty: the trace knows no zones.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<TraceInterval>> Zones => _zones;

    /// <summary>Instances usable before the first interval.</summary>
    public int InitialAvailable => _intervals[0].Before;

    /// <summary>The greatest count.</summary>
    public int Peak => _intervals.Max(i => i.Available);

    /// <summary>The instances that were asked for, as far as is known: the greatest count of the whole trace that this is a part of.</summary>
    public int Capacity => Whole > 0 ? Whole : Peak;

    /// <summary>The smallest count.</summary>
    public int Least => _intervals.Min(i => i.Available);

    /// <summary>Mean of the counts.</summary>
    public double MeanAvailable => _intervals.Average(i => i.Available);

    /// <summary>The greatest count of the whole; 0: this is the whole.</summary>
    private int Whole { get; init; }

    /// <summary>A trace that is the sum of zones.</summary>
    /// <param name="name">For people and the command line.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="intervalSeconds">Length of an interval.</param>
    /// <param name="zones">At least one; all of the same length.</param>
    /// <param name="segments">Named parts.</param>
    /// <exception cref="ArgumentException">There is no zone, their lengths differ, or one is not consistent.</exception>
    public static AvailabilityTrace FromZones(
        string name,
        string source,
        double intervalSeconds,
        IReadOnlyDictionary<string, IReadOnlyList<TraceInterval>> zones,
        IReadOnlyDictionary<string, TraceSegment>? segments = null)
    {
        ArgumentNullException.ThrowIfNull(zones);
        return new AvailabilityTrace(name, source, intervalSeconds, TraceZones.Sum(zones), segments, zones);
    }

    /// <summary>One zone as a trace of its own, with the trace's segments.</summary>
    /// <exception cref="ArgumentException">There is no such zone; the message lists those that there are.</exception>
    public AvailabilityTrace Zone(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _zones.TryGetValue(name, out var zone)
            ? new AvailabilityTrace($"{Name}/{NameIn(_zones.Keys, name)}", Source, IntervalSeconds, zone, _segments)
            : throw new ArgumentException($"Trace {Name} has no zone {name}; {Known(_zones.Keys)}.", nameof(name));
    }

    /// <summary>The named part as a trace of its own.</summary>
    /// <exception cref="ArgumentException">There is no such part; the message lists those that there are.</exception>
    public AvailabilityTrace Segment(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return _segments.TryGetValue(name, out var segment)
            ? Slice(segment.From, segment.To, $"{Name}:{NameIn(_segments.Keys, name)}")
            : throw new ArgumentException($"Trace {Name} has no segment {name}; {Known(_segments.Keys)}.", nameof(name));
    }

    /// <summary>The intervals [from, to) as a trace of their own; zones and the segments that lie inside go along.</summary>
    public AvailabilityTrace Slice(int from, int to, string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, _intervals.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(from, to);
        var inside = _segments.Where(s => s.Value.From >= from && s.Value.To <= to && s.Value.To - s.Value.From < to - from)
            .ToDictionary(s => s.Key, s => new TraceSegment(s.Value.From - from, s.Value.To - from));
        return new AvailabilityTrace(name ?? $"{Name}[{from}..{to})", Source, IntervalSeconds, _intervals[from..to], inside, TraceZones.Map(_zones, z => z[from..to])) { Whole = Capacity };
    }

    /// <summary>The trace with counts scaled so that the greatest becomes <paramref name="peak"/>.</summary>
    /// <remarks>
    /// Counts are rounded half up; one that was above 0 stays at least 1, and 0 stays 0. Additions and removals follow from the scaled counts, so small movements may vanish;
    /// where instances came and went within one interval, that churn is scaled too, as far as the counts allow. In zones, each count is its scaled one rounded up or down so that
    /// they add up, the way that moves the fewest instances.
    /// </remarks>
    /// <param name="peak">At least 1.</param>
    public AvailabilityTrace ScaleTo(int peak)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(peak, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(peak, TraceLimits.MaxCount);
        var scale = new TraceScale(Math.Max(1, Peak), peak);
        return _zones.Count == 0
            ? new AvailabilityTrace(Name, Source, IntervalSeconds, scale.Apply(_intervals), _segments)
            : FromZones(Name, Source, IntervalSeconds, scale.Apply(_intervals, _zones), _segments);
    }

    /// <summary>The trace in intervals of another length: what came and went within a new interval is summed.</summary>
    /// <remarks>What happened in an interval counts as having happened at its beginning, so a finer trace moves first and then rests, and made coarse again it is the same trace.</remarks>
    /// <param name="seconds">Length of the new intervals.</param>
    /// <exception cref="ArgumentException">The length is out of range, there would be too many intervals, or too much happens in one.</exception>
    public AvailabilityTrace Resample(double seconds)
    {
        if (!TraceLimits.IsInterval(seconds))
        {
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, $"An interval lasts {TraceLimits.MinIntervalSeconds} to {TraceLimits.MaxIntervalSeconds} seconds.");
        }

        var grid = new TraceGrid(IntervalSeconds, seconds, _intervals.Length);
        if (grid.Intervals * Math.Max(1, _zones.Count) > TraceLimits.MaxIntervals)
        {
            throw new ArgumentException($"A trace has at most {TraceLimits.MaxIntervals} intervals in all its zones; with {seconds} s this one would have {grid.Intervals}.");
        }

        var segments = _segments.ToDictionary(s => s.Key, s => grid.Move(s.Value));
        return new AvailabilityTrace(Name, Source, seconds, grid.Move(_intervals), segments, TraceZones.Map(_zones, grid.Move)) { Whole = Whole };
    }

    /// <summary>The same trace with other named parts.</summary>
    /// <exception cref="ArgumentException">A segment lies outside.</exception>
    public AvailabilityTrace WithSegments(IReadOnlyDictionary<string, TraceSegment> segments) => new(Name, Source, IntervalSeconds, _intervals, segments, _zones) { Whole = Whole };

    /// <summary>The same trace under another name.</summary>
    public AvailabilityTrace WithName(string name) => new(name, Source, IntervalSeconds, _intervals, _segments, _zones) { Whole = Whole };

    /// <summary>The trace as a forecaster's history.</summary>
    public AvailabilityInterval[] ToHistory() => Array.ConvertAll(_intervals, i => new AvailabilityInterval(i.Available, i.Added, i.Removed));

    private static void Check(string what, TraceInterval[] intervals, string parameter)
    {
        for (int i = 0; i < intervals.Length; i++)
        {
            if (TraceInterval.Problem(i == 0 ? null : intervals[i - 1].Available, intervals[i]) is { } problem) throw new ArgumentException($"{what} {i}: {problem}.", parameter);
        }
    }

    private static string NameIn(IEnumerable<string> names, string name) => names.First(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase));

    private static string Known(IReadOnlyCollection<string> names) => names.Count == 0 ? "it has none" : $"it has {string.Join(", ", names)}";
}
