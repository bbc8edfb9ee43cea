namespace Parcae.Liveput.Traces;

/// <summary>What a trace is like, in figures.</summary>
public sealed record TraceStatistics
{
    /// <summary>Number of intervals.</summary>
    public required int Intervals { get; init; }

    /// <summary>Length of the trace, hours.</summary>
    public required double Hours { get; init; }

    /// <summary>Mean of the counts.</summary>
    public required double MeanAvailable { get; init; }

    /// <summary>The smallest count.</summary>
    public required int LeastAvailable { get; init; }

    /// <summary>The greatest count.</summary>
    public required int PeakAvailable { get; init; }

    /// <summary>Intervals in which instances were lost.</summary>
    public required int PreemptionEvents { get; init; }

    /// <summary>Instances that were lost.</summary>
    public required long InstancesPreempted { get; init; }

    /// <summary>The most instances lost in one interval.</summary>
    public required int LargestPreemption { get; init; }

    /// <summary>Instances that came; those there before the first interval are not among them.</summary>
    public required long InstancesAdded { get; init; }

    /// <summary>Intervals of the longest stretch without a loss.</summary>
    public required int LongestQuietIntervals { get; init; }

    /// <summary>Instance-hours at risk: each instance that is there when an interval begins, for the interval's length.</summary>
    public required double InstanceHours { get; init; }

    /// <summary>Losses of an instance in an hour: <see cref="InstancesPreempted"/> / <see cref="InstanceHours"/>, 0 where none was ever at risk.</summary>
    public required double LossesPerInstanceHour { get; init; }

    /// <summary>Describes a trace.</summary>
    public static TraceStatistics Of(AvailabilityTrace trace)
    {
        ArgumentNullException.ThrowIfNull(trace);
        long sum = 0, atRisk = 0, added = 0, preempted = 0;
        int least = int.MaxValue, peak = 0, events = 0, largest = 0, quiet = 0, longestQuiet = 0;
        foreach (var interval in trace.Intervals)
        {
            sum += interval.Available;
            atRisk += interval.Before;
            added += interval.Added;
            preempted += interval.Removed;
            (least, peak, largest) = (Math.Min(least, interval.Available), Math.Max(peak, interval.Available), Math.Max(largest, interval.Removed));
            if (interval.Removed > 0) events++;
            quiet = interval.Removed > 0 ? 0 : quiet + 1;
            longestQuiet = Math.Max(longestQuiet, quiet);
        }

        double hours = trace.IntervalSeconds / 3600;
        return new TraceStatistics
        {
            Intervals = trace.Intervals.Count,
            Hours = trace.Intervals.Count * hours,
            MeanAvailable = (double)sum / trace.Intervals.Count,
            LeastAvailable = least,
            PeakAvailable = peak,
            PreemptionEvents = events,
            InstancesPreempted = preempted,
            LargestPreemption = largest,
            InstancesAdded = added,
            LongestQuietIntervals = longestQuiet,
            InstanceHours = atRisk * hours,
            LossesPerInstanceHour = atRisk == 0 ? 0 : preempted / (atRisk * hours),
        };
    }
}
