namespace Parcae.Liveput.Traces;

/// <summary>Where the intervals of one length lie among those of another.</summary>
/// <param name="Old">Length of the old intervals, seconds.</param>
/// <param name="New">Length of the new intervals, seconds.</param>
/// <param name="Count">Number of old intervals.</param>
internal readonly record struct TraceGrid(double Old, double New, int Count)
{
    // Lengths like 0.1 s are not exact in binary: a boundary that is met within this share of an interval is met.
    private const double Tolerance = 1e-6;

    /// <summary>Number of new intervals; the last may be filled only in part.</summary>
    public long Intervals => Math.Max(1, Up(Count));

    /// <summary>The intervals on the new grid.</summary>
    /// <exception cref="ArgumentException">More happens in one interval than a trace can hold.</exception>
    public TraceInterval[] Move(TraceInterval[] intervals)
    {
        var moved = new TraceInterval[Intervals];
        int available = intervals[0].Before, next = 0;
        for (int i = 0; i < moved.Length; i++)
        {
            long added = 0, removed = 0;
            for (; next < intervals.Length && Down(next) <= i; next++)
            {
                added += intervals[next].Added;
                removed += intervals[next].Removed;
                available = intervals[next].Available;
            }

            if (added > TraceLimits.MaxCount || removed > TraceLimits.MaxCount)
            {
                throw new ArgumentException($"An interval of {New} s would have {added} added and {removed} removed; at most {TraceLimits.MaxCount} are possible.");
            }

            moved[i] = new TraceInterval((int)added, (int)removed, available);
        }

        return moved;
    }

    /// <summary>The new intervals that a segment touches.</summary>
    public TraceSegment Move(TraceSegment segment)
    {
        int from = (int)Down(segment.From);
        return new TraceSegment(from, (int)Math.Clamp(Up(segment.To), from + 1, Intervals));
    }

    private long Down(int old) => (long)Math.Floor((old * (Old / New)) + Tolerance);

    private long Up(int old) => (long)Math.Ceiling((old * (Old / New)) - Tolerance);
}
