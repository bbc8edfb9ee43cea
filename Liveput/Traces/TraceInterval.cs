namespace Parcae.Liveput.Traces;

/// <summary>One interval of a trace.</summary>
/// <param name="Added">Instances that became usable in it.</param>
/// <param name="Removed">Instances that stopped being usable in it.</param>
/// <param name="Available">Usable at its end.</param>
public readonly record struct TraceInterval(int Added, int Removed, int Available)
{
    /// <summary>Usable before it.</summary>
    internal int Before => Available - Added + Removed;

    /// <summary>What is wrong with an interval that follows a count (null: it is the first), or null.</summary>
    internal static string? Problem(int? before, TraceInterval interval)
    {
        var (added, removed, available) = interval;
        const int most = TraceLimits.MaxCount;
        if (added is < 0 or > most || removed is < 0 or > most || available is < 0 or > most)
        {
            return $"expected counts from 0 to {most}, found added {added}, removed {removed}, available {available}";
        }

        int start = before ?? available - added + removed;
        if (start < 0) return $"expected at most {available + removed} added, since {available} are available after {removed} removed, found {added}";
        if (removed > start + added) return $"expected at most {start + added} removed, since only {start} were there and {added} came, found {removed}";
        return start + added - removed == available ? null : $"expected available = {start} + {added} - {removed} = {start + added - removed}, found {available}";
    }
}

/// <summary>A named part of a trace.</summary>
/// <param name="From">Its first interval.</param>
/// <param name="To">One past its last interval.</param>
public readonly record struct TraceSegment(int From, int To);
