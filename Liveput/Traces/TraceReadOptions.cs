namespace Parcae.Liveput.Traces;

/// <summary>What a reader assumes where a file does not say it.</summary>
/// <param name="IntervalSeconds">Length of an interval of counts and tables, seconds. The default value is 60.</param>
/// <param name="EventIntervalSeconds">Length of the intervals that an event list is cut into, seconds. The default value is 60.</param>
public sealed record TraceReadOptions(
    double IntervalSeconds = TraceFile.DefaultIntervalSeconds, double EventIntervalSeconds = TraceFile.DefaultIntervalSeconds)
{
    /// <summary>Checks the lengths.</summary>
    /// <exception cref="ArgumentException">One is out of range.</exception>
    internal void Validate()
    {
        foreach (var (name, value) in ((string, double)[])[(nameof(IntervalSeconds), IntervalSeconds), (nameof(EventIntervalSeconds), EventIntervalSeconds)])
        {
            if (!TraceLimits.IsInterval(value)) throw new ArgumentException($"{name} is {value}; it must be from {TraceLimits.MinIntervalSeconds} to {TraceLimits.MaxIntervalSeconds}.");
        }
    }
}
