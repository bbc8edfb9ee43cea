using System.Globalization;

using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Traces;

/// <summary>A node comes or goes.</summary>
/// <param name="Milliseconds">Since the beginning of the trace.</param>
/// <param name="Added">Whether it comes.</param>
/// <param name="Node">Its name, which no other node of the trace has.</param>
public readonly record struct TraceEvent(long Milliseconds, bool Added, string Node);

/// <summary>A trace as the coming and going of named nodes.</summary>
public static class TraceEvents
{
    /// <summary>
    /// The events of a trace, in order of time. What happens in an interval happens at its beginning, losses before arrivals where those lost were already there.
    /// Nodes are named in the order in which they come, <c>i-0001</c> or, in a zone, <c>zone-a-0001</c>; a name is never used again. Those there before the trace come at 0 ms.
    /// </summary>
    /// <param name="trace">The trace.</param>
    /// <param name="seed">Null: the oldest nodes are lost first. Else it fixes which are drawn.</param>
    public static IEnumerable<TraceEvent> Of(AvailabilityTrace trace, ulong? seed = null)
    {
        ArgumentNullException.ThrowIfNull(trace);
        var random = seed is { } s ? new SyntheticRandom(s) : null;
        var parts = trace.Zones.Count == 0
            ? [(new Fleet("i", random), trace.Intervals)]
            : trace.Zones.Select(z => (new Fleet(z.Key, random), z.Value)).ToArray();
        return Walk(trace, parts);
    }

    private static IEnumerable<TraceEvent> Walk(AvailabilityTrace trace, (Fleet Fleet, IReadOnlyList<TraceInterval> Intervals)[] parts)
    {
        foreach (var (fleet, intervals) in parts)
        {
            for (int k = intervals[0].Before; k > 0; k--) yield return new TraceEvent(0, true, fleet.Add());
        }

        for (int i = 0; i < trace.Intervals.Count; i++)
        {
            // Rounded up: an event must not fall into the interval before its own.
            long at = (long)Math.Ceiling((i * trace.IntervalSeconds * 1000) - 1e-6);
            foreach (var (fleet, intervals) in parts)
            {
                var (added, removed, _) = intervals[i];
                int first = Math.Min(removed, fleet.Count);
                for (int k = 0; k < first; k++) yield return new TraceEvent(at, false, fleet.Remove());
                for (int k = 0; k < added; k++) yield return new TraceEvent(at, true, fleet.Add());
                for (int k = first; k < removed; k++) yield return new TraceEvent(at, false, fleet.Remove());
            }
        }
    }

    private sealed class Fleet(string prefix, SyntheticRandom? random)
    {
        private readonly Queue<string> _oldestFirst = new();
        private readonly List<string> _drawn = [];
        private int _named;

        public int Count => _oldestFirst.Count + _drawn.Count;

        public string Add()
        {
            string node = string.Create(CultureInfo.InvariantCulture, $"{prefix}-{++_named:0000}");
            if (random is null) _oldestFirst.Enqueue(node);
            else _drawn.Add(node);
            return node;
        }

        public string Remove()
        {
            if (random is null) return _oldestFirst.Dequeue();
            int chosen = (int)(random.Uniform() * _drawn.Count);
            string node = _drawn[chosen];
            _drawn[chosen] = _drawn[^1];
            _drawn.RemoveAt(_drawn.Count - 1);
            return node;
        }
    }
}
