using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>The past that a policy has seen.</summary>
/// <param name="length">Intervals that are kept; 0: all.</param>
internal sealed class History(int length)
{
    private readonly List<AvailabilityInterval> _intervals = [];

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<AvailabilityInterval> Intervals => _intervals;

    /// <summary>Adds the interval of a view. What was there before the first one did not come in it.</summary>
    public void Add(in IntervalView view)
    {
        if (length > 0 && _intervals.Count == length) _intervals.RemoveAt(0);
        _intervals.Add(new AvailabilityInterval(view.Available, view.Interval.Added, view.Interval.Removed));
    }
}
