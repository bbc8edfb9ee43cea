namespace Parcae.Grains;

/// <summary>What an instance is for.</summary>
public enum InstanceRole
{
    /// <summary>A preemptible instance that trains.</summary>
    Worker,

    /// <summary>An on-demand instance that keeps shadow replicas.</summary>
    Vault,
}

/// <summary>Lifecycle of an instance.</summary>
public enum InstancePhase
{
    /// <summary>It has registered and takes commands, but its fleet has not written it down yet: it is not lent.</summary>
    Joining,

    /// <summary>Usable, and nobody's.</summary>
    Ready,

    /// <summary>Lent to a job.</summary>
    Assigned,

    /// <summary>Has a notice: it will be gone at its deadline. It keeps what it holds until then, and is given no new work.</summary>
    Draining,

    /// <summary>Gone for good: if its id is heard of again, that is another incarnation.</summary>
    Gone,
}

/// <summary>An instance as it registers itself.</summary>
[GenerateSerializer, Immutable, Alias("parcae.InstanceInfo")]
public sealed record InstanceInfo
{
    /// <summary>Its id, unique among all that ever were.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>What it is for.</summary>
    [Id(1)] public required InstanceRole Role { get; init; }

    /// <summary>The silo that it runs, where its grain service is called.</summary>
    [Id(2)] public required SiloAddress Silo { get; init; }

    /// <summary>Where its data plane listens.</summary>
    [Id(3)] public required PeerEndpoint DataPlane { get; init; }

    /// <summary>Availability zone. The default value is <c>local</c>.</summary>
    [Id(4)] public string Zone { get; init; } = "local";

    /// <summary>USD per hour. The default value is 0.918: a p3.2xlarge spot instance.</summary>
    [Id(5)] public double PricePerHour { get; init; } = 0.918;
}

/// <summary>An instance as the fleet knows it.</summary>
[GenerateSerializer, Immutable, Alias("parcae.InstanceRecord")]
public sealed record InstanceRecord
{
    /// <summary>As it registered.</summary>
    [Id(0)] public required InstanceInfo Info { get; init; }

    /// <summary>Where it is in its life.</summary>
    [Id(1)] public required InstancePhase Phase { get; init; }

    /// <summary>The job that it is lent to, or null.</summary>
    [Id(2)] public string? JobId { get; init; }

    /// <summary>When it will be preempted, or null.</summary>
    [Id(3)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>When it joined.</summary>
    [Id(4)] public DateTimeOffset JoinedAt { get; init; }

    /// <summary>When it was gone, or null.</summary>
    [Id(5)] public DateTimeOffset? GoneAt { get; init; }

    /// <summary>Since when it is in its phase.</summary>
    [Id(6)] public DateTimeOffset PhaseSince { get; init; }
}

/// <summary>What happened to an instance.</summary>
public enum AvailabilityKind
{
    /// <summary>It became usable.</summary>
    Joined,

    /// <summary>It will be preempted at <see cref="AvailabilityEvent.Deadline"/>.</summary>
    Noticed,

    /// <summary>It is gone.</summary>
    Lost,

    /// <summary>Nothing happened to an instance: there is another share for the job that <see cref="AvailabilityEvent.JobId"/> names, or something free that belongs to its share.</summary>
    Shared,
}

/// <summary>One entry of a fleet's availability log, also sent over the availability stream.</summary>
[GenerateSerializer, Immutable, Alias("parcae.AvailabilityEvent")]
public sealed record AvailabilityEvent
{
    /// <summary>Grows by one with each event of a fleet, from 1: a gap means that a stream message was lost.</summary>
    [Id(0)] public required long Sequence { get; init; }

    /// <summary>What happened.</summary>
    [Id(1)] public required AvailabilityKind Kind { get; init; }

    /// <summary>To whom.</summary>
    [Id(2)] public required string InstanceId { get; init; }

    /// <summary>Its role.</summary>
    [Id(3)] public required InstanceRole Role { get; init; }

    /// <summary>When, by the control silo's clock.</summary>
    [Id(4)] public required DateTimeOffset At { get; init; }

    /// <summary>For a notice: when the instance will be gone.</summary>
    [Id(5)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>For a loss: whether a notice came first.</summary>
    [Id(6)] public bool Announced { get; init; }

    /// <summary>Who said so and why, for people.</summary>
    [Id(7)] public string Reason { get; init; } = "";

    /// <summary>W3C trace context of the report, so that a reconfiguration can link its cause; null without one.</summary>
    [Id(8)] public string? TraceParent { get; init; }

    /// <summary>For <see cref="AvailabilityKind.Shared"/>: the job.</summary>
    [Id(9)] public string? JobId { get; init; }

    /// <summary>Which of the processes under the instance's id, see <see cref="PeerEndpoint.Incarnation"/>.</summary>
    [Id(10)] public int Incarnation { get; init; }
}

/// <summary>A fleet as it is now.</summary>
[GenerateSerializer, Immutable, Alias("parcae.FleetSnapshot")]
public sealed record FleetSnapshot
{
    /// <summary>Sequence number of the last event in the log.</summary>
    [Id(0)] public required long LastSequence { get; init; }

    /// <summary>Every instance that is not gone.</summary>
    [Id(1)] public required InstanceRecord[] Instances { get; init; }

    /// <summary>Usable worker instances at the end of each of the last intervals, oldest first, the current count last.</summary>
    [Id(2)] public required AvailabilityInterval[] Intervals { get; init; }

    /// <summary>Length of an interval.</summary>
    [Id(3)] public required TimeSpan IntervalLength { get; init; }

    /// <summary>How many worker instances each job of the fleet is to have, by job id.</summary>
    [Id(4)] public Dictionary<string, int> Shares { get; init; } = [];
}

/// <summary>Worker instances over one interval.</summary>
/// <param name="Available">Usable at its end (ready or assigned, no notice).</param>
/// <param name="Joined">Became usable in it.</param>
/// <param name="Lost">Stopped being usable in it (a notice counts when it comes, a loss without one when it is seen).</param>
[GenerateSerializer, Immutable, Alias("parcae.AvailabilityInterval")]
public readonly record struct AvailabilityInterval([property: Id(0)] int Available, [property: Id(1)] int Joined, [property: Id(2)] int Lost);
