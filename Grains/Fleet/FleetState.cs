namespace Parcae.Grains.Fleet;

/// <summary>What a fleet grain keeps.</summary>
[GenerateSerializer, Alias("parcae.FleetState")]
internal sealed class FleetState
{
    /// <summary>Every instance that is not gone, by id.</summary>
    [Id(0)] public Dictionary<string, InstanceRecord> Instances { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The last events, oldest first.</summary>
    [Id(1)] public List<AvailabilityEvent> Log { get; set; } = [];

    /// <summary>Sequence number of the last event there ever was.</summary>
    [Id(2)] public long LastSequence { get; set; }

    /// <summary>Past intervals, oldest first.</summary>
    [Id(3)] public List<AvailabilityInterval> Intervals { get; set; } = [];

    /// <summary>Worker instances that became usable in the current interval.</summary>
    [Id(4)] public int Joined { get; set; }

    /// <summary>Worker instances that stopped being usable in the current interval.</summary>
    [Id(5)] public int Lost { get; set; }

    /// <summary>When the current interval began; null before the first event.</summary>
    [Id(6)] public DateTimeOffset? IntervalStart { get; set; }
}
