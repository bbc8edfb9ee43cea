using Parcae.Liveput.Traces;

namespace Parcae.Cli.Replay.Fleet;

/// <summary>What to do where a trace has more instances than a fleet.</summary>
internal enum FleetFitting
{
    /// <summary>All counts are scaled so that the greatest is the fleet's.</summary>
    Scale,

    /// <summary>Greater counts are the fleet's.</summary>
    Clamp,
}

/// <summary>A trace made to fit a fleet.</summary>
/// <param name="Counts">Instances in each interval, none above the fleet's.</param>
/// <param name="Text">What was done, for people.</param>
internal sealed record FleetFit(IReadOnlyList<int> Counts, string Text)
{
    /// <summary>Fits a trace. One that fits is never changed: what the fleet has beyond its peak is away all the time.</summary>
    /// <param name="trace">The part that is replayed.</param>
    /// <param name="fleet">Instances of the fleet, at least 1.</param>
    /// <param name="fitting">What to do where it has more.</param>
    public static FleetFit Of(AvailabilityTrace trace, int fleet, FleetFitting fitting)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(fleet, 1);
        int[] counts = [.. trace.Intervals.Select(i => i.Available)];
        int peak = trace.Peak;
        string spare = peak < fleet ? $"; {Words(fleet - peak)} of the fleet's {fleet} away all the time" : "";
        if (peak <= fleet) return new FleetFit(counts, $"{trace.Name} has at most {peak} instances: its counts are taken as they are{spare}");
        if (fitting == FleetFitting.Scale)
        {
            int[] scaled = [.. trace.ScaleTo(fleet).Intervals.Select(i => i.Available)];
            return new FleetFit(scaled, $"{trace.Name} has up to {peak} instances, the fleet {fleet}: its counts are scaled by {fleet}/{peak}");
        }

        int above = counts.Count(c => c > fleet);
        return new FleetFit(
            [.. counts.Select(c => Math.Min(c, fleet))],
            $"{trace.Name} has up to {peak} instances, the fleet {fleet}: its counts are cut off at {fleet} in {above} of {counts.Length} intervals");
    }

    private static string Words(int count) => count == 1 ? "1 is" : $"{count} are";
}
