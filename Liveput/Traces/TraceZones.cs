using Zones = System.Collections.Generic.IReadOnlyDictionary<string, System.Collections.Generic.IReadOnlyList<Parcae.Liveput.Traces.TraceInterval>>;

namespace Parcae.Liveput.Traces;

/// <summary>Zones of a trace: their names and their sum.</summary>
internal static class TraceZones
{
    private const int MaxNameLength = 100;

    /// <summary>What is wrong with the name of a zone, or null. It becomes part of node names in event lists, which know no quoting.</summary>
    public static string? NameProblem(string name) =>
        name.Length is > 0 and <= MaxNameLength && !name.Any(c => c == ',' || char.IsControl(c) || char.IsWhiteSpace(c))
            ? null
            : $"a zone's name has 1 to {MaxNameLength} characters, no space and no comma";

    /// <summary>The sum of all zones, interval by interval.</summary>
    /// <exception cref="ArgumentException">There is no zone, or their lengths differ.</exception>
    public static TraceInterval[] Sum(Zones zones)
    {
        if (zones.Count == 0) throw new ArgumentException("Expected at least one zone, found none.", nameof(zones));
        var sum = new TraceInterval[zones.Values.First().Count];
        foreach (var (name, zone) in zones)
        {
            if (zone.Count != sum.Length) throw new ArgumentException($"Zone {name} has {zone.Count} intervals; it must have {sum.Length}, like {zones.Keys.First()}.", nameof(zones));
            for (int i = 0; i < sum.Length; i++) sum[i] = Plus(sum[i], zone[i]);
        }

        return sum;
    }

    /// <summary>Where the zones do not add up to the total, or null.</summary>
    public static string? Difference(TraceInterval[] total, Zones zones)
    {
        var sum = Sum(zones);
        int i = sum.AsSpan().CommonPrefixLength(total);
        return i == sum.Length ? null : $"expected the sum of the zones in interval {i}, {Text(sum[i])}, found {Text(total[i])}";

        static string Text(TraceInterval x) => $"[{x.Added}, {x.Removed}, {x.Available}]";
    }

    /// <summary>Every zone changed alike.</summary>
    public static Dictionary<string, IReadOnlyList<TraceInterval>> Map(Zones zones, Func<TraceInterval[], TraceInterval[]> change) =>
        zones.ToDictionary(z => z.Key, z => (IReadOnlyList<TraceInterval>)change((TraceInterval[])z.Value));

    // Wraps where callers hand in absurd numbers; the trace's own check of its counts refuses those.
    private static TraceInterval Plus(TraceInterval a, TraceInterval b) => new(a.Added + b.Added, a.Removed + b.Removed, a.Available + b.Available);
}
