using Parcae.Grains;

namespace Parcae.Silo.Api.Fleet;

/// <summary>A fleet as it is now.</summary>
internal sealed record FleetView
{
    /// <summary>Its name.</summary>
    public required string Fleet { get; init; }

    /// <summary>Sequence number of its last event.</summary>
    public required long LastSequence { get; init; }

    /// <summary>Every instance that is not gone.</summary>
    public required InstanceView[] Instances { get; init; }

    /// <summary>Usable worker instances in the last intervals, oldest first, the one under way last.</summary>
    public required AvailabilityInterval[] Intervals { get; init; }

    /// <summary>Length of an interval, seconds.</summary>
    public required double IntervalSeconds { get; init; }

    /// <summary>How many worker instances each job is to have, by job id.</summary>
    public required IReadOnlyDictionary<string, int> Shares { get; init; }

    /// <summary>A fleet as the API shows it.</summary>
    public static FleetView Of(string name, FleetSnapshot s) => new()
    {
        Fleet = name,
        LastSequence = s.LastSequence,
        Instances = [.. s.Instances.Select(InstanceView.Of)],
        Intervals = s.Intervals,
        IntervalSeconds = s.IntervalLength.TotalSeconds,
        Shares = s.Shares,
    };
}

/// <summary>An instance.</summary>
internal sealed record InstanceView
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for.</summary>
    public required InstanceRole Role { get; init; }

    /// <summary>Where it is in its life.</summary>
    public required InstancePhase Phase { get; init; }

    /// <summary>The job that it is lent to, or null.</summary>
    public required string? JobId { get; init; }

    /// <summary>Availability zone.</summary>
    public required string Zone { get; init; }

    /// <summary>USD per hour.</summary>
    public required double PricePerHour { get; init; }

    /// <summary>Where its data plane listens.</summary>
    public required string DataPlane { get; init; }

    /// <summary>When it will be preempted, or null.</summary>
    public required DateTimeOffset? Deadline { get; init; }

    /// <summary>When it joined.</summary>
    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>Since when it is in its phase.</summary>
    public required DateTimeOffset PhaseSince { get; init; }

    /// <summary>An instance as the API shows it.</summary>
    public static InstanceView Of(InstanceRecord r) => new()
    {
        Id = r.Info.Id,
        Role = r.Info.Role,
        Phase = r.Phase,
        JobId = r.JobId,
        Zone = r.Info.Zone,
        PricePerHour = r.Info.PricePerHour,
        DataPlane = $"{r.Info.DataPlane.Host}:{r.Info.DataPlane.Port}",
        Deadline = r.Deadline,
        JoinedAt = r.JoinedAt,
        PhaseSince = r.PhaseSince,
    };
}
