namespace Parcae.Liveput.Traces;

/// <summary>Finds the parts of a trace that are most unlike each other, as the paper's evaluation does: high or low availability, dense or sparse preemption.</summary>
public static class TraceSegmentFinder
{
    /// <summary>High availability, dense preemption.</summary>
    public const string Hadp = "HADP";

    /// <summary>High availability, sparse preemption.</summary>
    public const string Hasp = "HASP";

    /// <summary>Low availability, dense preemption.</summary>
    public const string Ladp = "LADP";

    /// <summary>Low availability, sparse preemption.</summary>
    public const string Lasp = "LASP";

    private static readonly (string Name, int Availability, int Density)[] Classes = [(Hadp, 1, 1), (Hasp, 1, -1), (Ladp, -1, 1), (Lasp, -1, -1)];

    /// <summary>For each of the four classes the window that belongs to it most clearly: the greatest sum of its deviations, in standard deviations, in the class's two directions.</summary>
    /// <remarks>
    /// Of a window's mean count and number of instances lost, among all windows of that length. Windows of different classes may overlap. Of equals the earliest is taken. A trace with nothing to
    /// tell its windows apart by, or with fewer than two windows, has no segments.
    /// </remarks>
    /// <param name="trace">The trace.</param>
    /// <param name="length">Intervals of a window, at least 1.</param>
    /// <returns>Segments by class; fewer than four where a class has no window on its own side of both means.</returns>
    public static IReadOnlyDictionary<string, TraceSegment> Find(AvailabilityTrace trace, int length)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        var found = new SortedDictionary<string, TraceSegment>(StringComparer.OrdinalIgnoreCase);
        if (length >= trace.Intervals.Count) return found;

        double[] available = Standardized(Windows(trace.Intervals, length, i => i.Available));
        double[] lost = Standardized(Windows(trace.Intervals, length, i => i.Removed));
        foreach (var (name, high, dense) in Classes)
        {
            double best = 0;
            for (int from = 0; from < available.Length; from++)
            {
                double a = high * available[from], d = dense * lost[from];
                if (a <= 0 || d <= 0 || a + d <= best) continue;
                best = a + d;
                found[name] = new TraceSegment(from, from + length);
            }
        }

        return found;
    }

    /// <summary>Sum over every window of a length.</summary>
    private static double[] Windows(IReadOnlyList<TraceInterval> intervals, int length, Func<TraceInterval, int> number)
    {
        var sums = new double[intervals.Count - length + 1];
        long sum = 0;
        for (int i = 0; i < intervals.Count; i++)
        {
            sum += number(intervals[i]);
            if (i >= length) sum -= number(intervals[i - length]);
            if (i >= length - 1) sums[i - length + 1] = sum;
        }

        return sums;
    }

    /// <summary>Deviations from the mean in standard deviations; 0 where all are equal.</summary>
    private static double[] Standardized(double[] values)
    {
        double mean = values.Average();
        double deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        return Array.ConvertAll(values, v => deviation > 0 ? (v - mean) / deviation : 0);
    }
}
