namespace Parcae.Cli.Plots;

/// <summary>The time axis of a picture: interval i lasts from minute <c>FromMinute + i * IntervalSeconds / 60</c> to the next one's.</summary>
/// <param name="FromMinute">Where the first interval begins, minutes into the trace.</param>
/// <param name="IntervalSeconds">Length of an interval; above 0.</param>
/// <param name="Intervals">How many there are; at least 1.</param>
internal sealed record PlotTime(double FromMinute, double IntervalSeconds, int Intervals)
{
    /// <summary>Minute at which an interval begins; <see cref="Intervals"/> is the end of the last.</summary>
    public double Minute(double interval) => FromMinute + (interval * IntervalSeconds / 60);

    /// <summary>Minute at which all ends.</summary>
    public double End => Minute(Intervals);

    /// <summary>The values, when there is one for each interval.</summary>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    public IReadOnlyList<T> Each<T>(IReadOnlyList<T> values, string what) => values.Count == Intervals
        ? values
        : throw new ArgumentException($"{what}: {values.Count} values; a picture of {Intervals} intervals needs {Intervals}.", nameof(values));
}
