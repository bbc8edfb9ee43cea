using Parcae.Grains.Storage;

namespace Parcae.Grains.Fleet;

/// <summary>A fleet as of some entry of its journal.</summary>
[GenerateSerializer, Alias("parcae.FleetState")]
internal sealed class FleetState : IVersionedState
{
    /// <summary>Every instance that is not gone, by id.</summary>
    [Id(0)] public Dictionary<string, InstanceRecord> Instances { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The last events, oldest first, as they were kept before there was a journal; empty since.</summary>
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

    /// <inheritdoc/>
    [Id(7)] public int Schema { get; set; }

    /// <summary>Index of the first entry of the journal that is not in here yet.</summary>
    [Id(8)] public int Applied { get; set; }

    /// <summary>Index of the first entry of the journal that is kept.</summary>
    [Id(9)] public int JournalFirst { get; set; }

    /// <summary>What each job asks for, by its id.</summary>
    [Id(10)] public Dictionary<string, JobClaim> Claims { get; set; } = new(StringComparer.Ordinal);

    /// <summary>How many instances each job is to have, by its id.</summary>
    [Id(11)] public Dictionary<string, int> Shares { get; set; } = new(StringComparer.Ordinal);

    /// <summary>A copy that later changes do not reach.</summary>
    public FleetState Copy(int applied, int journalFirst) => new()
    {
        Instances = new(Instances, StringComparer.Ordinal),
        LastSequence = LastSequence,
        Intervals = [.. Intervals],
        Joined = Joined,
        Lost = Lost,
        IntervalStart = IntervalStart,
        Schema = Schema,
        Applied = applied,
        JournalFirst = journalFirst,
        Claims = new(Claims, StringComparer.Ordinal),
        Shares = new(Shares, StringComparer.Ordinal),
    };
}

/// <summary>One change of a fleet: what is different after it. To apply it to the state before gives the state after.</summary>
[GenerateSerializer, Immutable, Alias("parcae.FleetEntry")]
internal sealed record FleetEntry
{
    /// <summary>What happened, for those who read the log.</summary>
    [Id(0)] public AvailabilityEvent[] Events { get; init; } = [];

    /// <summary>Instances as they are after it.</summary>
    [Id(1)] public InstanceRecord[] Instances { get; init; } = [];

    /// <summary>Instances that are not there any more; the same id may be there anew.</summary>
    [Id(2)] public InstanceRecord[] Gone { get; init; } = [];

    /// <summary>Intervals that ended.</summary>
    [Id(3)] public AvailabilityInterval[] Intervals { get; init; } = [];

    /// <summary>As <see cref="FleetState.Joined"/> after it.</summary>
    [Id(4)] public int Joined { get; init; }

    /// <summary>As <see cref="FleetState.Lost"/> after it.</summary>
    [Id(5)] public int Lost { get; init; }

    /// <summary>As <see cref="FleetState.IntervalStart"/> after it.</summary>
    [Id(6)] public DateTimeOffset? IntervalStart { get; init; }

    /// <summary>Claims as they are after it.</summary>
    [Id(7)] public JobClaim[] Claims { get; init; } = [];

    /// <summary>Jobs that ask for nothing any more.</summary>
    [Id(8)] public string[] Ended { get; init; } = [];

    /// <summary>All shares after it; null: as before.</summary>
    [Id(9)] public Dictionary<string, int>? Shares { get; init; }
}
