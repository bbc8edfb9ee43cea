using Zones = System.Collections.Generic.IReadOnlyDictionary<string, System.Collections.Generic.IReadOnlyList<Parcae.Liveput.Traces.TraceInterval>>;

namespace Parcae.Liveput.Traces;

/// <summary>Scales counts by peak / greatest.</summary>
internal readonly record struct TraceScale(int Greatest, int Peak)
{
    /// <summary>The intervals of a trace without zones.</summary>
    public TraceInterval[] Apply(IReadOnlyList<TraceInterval> intervals)
    {
        int before = Total(intervals[0].Before);
        var scaled = new TraceInterval[intervals.Count];
        for (int i = 0; i < scaled.Length; i++)
        {
            int after = Total(intervals[i].Available);
            scaled[i] = Step(before, after, intervals[i]);
            before = after;
        }

        return scaled;
    }

    /// <summary>The intervals of all zones; their counts add up to the scaled counts of the total.</summary>
    public Dictionary<string, IReadOnlyList<TraceInterval>> Apply(IReadOnlyList<TraceInterval> total, Zones zones)
    {
        IReadOnlyList<TraceInterval>[] own = [.. zones.Values];
        var scaled = Array.ConvertAll(own, z => new TraceInterval[z.Count]);
        int[] before = Split(Array.ConvertAll(own, z => z[0].Before), Total(total[0].Before), new int[own.Length]);
        for (int i = 0; i < total.Count; i++)
        {
            int interval = i;
            int[] after = Split(Array.ConvertAll(own, z => z[interval].Available), Total(total[i].Available), before);
            for (int z = 0; z < own.Length; z++) scaled[z][i] = Step(before[z], after[z], own[z][i]);
            before = after;
        }

        return zones.Keys.Zip(scaled).ToDictionary(z => z.First, z => (IReadOnlyList<TraceInterval>)z.Second);
    }

    private TraceInterval Step(int before, int after, TraceInterval original)
    {
        int lost = Math.Max(0, before - after);
        int churn = Math.Min(Rounded(Math.Min(original.Added, original.Removed)), before - lost);
        return new TraceInterval(Math.Max(0, after - before) + churn, lost + churn, after);
    }

    private int Total(int count) => count == 0 ? 0 : Math.Max(1, Rounded(count));

    private int Rounded(int count) => (int)(((2L * count * Peak) + Greatest) / (2L * Greatest));

    /// <summary>Each zone's share rounded down or up so that they sum to the total: whichever it had before where that will do, else the nearest.</summary>
    private int[] Split(int[] counts, int total, int[] before)
    {
        var (greatest, peak) = ((long)Greatest, (long)Peak);
        var split = new int[counts.Length];
        for (int z = 0; z < split.Length; z++)
        {
            long share = counts[z] * peak;
            split[z] = (int)Math.Clamp(before[z], share / greatest, (share + greatest - 1) / greatest);
        }

        // How far a zone is below its share; a sum too small always has a zone that is, a sum too great one that is above.
        long Below(int z) => (counts[z] * peak) - (split[z] * greatest);
        for (int missing = total - split.Sum(); missing != 0; missing -= Math.Sign(missing))
        {
            int sign = Math.Sign(missing), chosen = 0;
            for (int z = 1; z < split.Length; z++)
            {
                if (sign * Below(z) > sign * Below(chosen)) chosen = z;
            }

            split[chosen] += sign;
        }

        return split;
    }
}
