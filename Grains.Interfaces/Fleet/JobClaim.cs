namespace Parcae.Grains;

/// <summary>What a job asks of its fleet.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobClaim")]
public sealed record JobClaim
{
    /// <summary>The job.</summary>
    [Id(0)] public required string JobId { get; init; }

    /// <summary>Priority, weight, minimum and submitter, as the job's spec has them.</summary>
    [Id(1)] public required SharingSpec Sharing { get; init; }

    /// <summary>When the job was submitted: among equals the older one comes first.</summary>
    [Id(2)] public DateTimeOffset SubmittedAt { get; init; }

    /// <summary>The fewest instances that the job can do anything with, at least 1.</summary>
    [Id(3)] public int Least { get; init; } = 1;

    /// <summary>The most that it may have.</summary>
    [Id(4)] public int Most { get; init; } = int.MaxValue;

    /// <summary>
    /// Expected samples per second by number of instances, from 0 instances on, with what may be preempted reckoned in; beyond the last value nothing is added. Empty: not known yet, taken to grow with their number.
    /// </summary>
    [Id(5)] public double[] Worth { get; init; } = [];

    /// <summary>Whether the job's state is only on the instances that it holds: of those, <see cref="Least"/> cannot be taken from it.</summary>
    [Id(6)] public bool Rooted { get; init; }

    /// <summary>Whether it does nothing at present: it gets what no other job can use, and keeps such as it holds.</summary>
    [Id(7)] public bool Idle { get; init; }
}

/// <summary>What a fleet lends to a job.</summary>
/// <param name="Held">All that the job holds now, and every vault.</param>
/// <param name="Share">
/// Number of worker instances without a notice that it is to use. Holds it more, it gives back the others once it does without them; holds it fewer, more will come.
/// </param>
/// <param name="Reason">Why it is no more, for people; empty when it has all there is.</param>
[GenerateSerializer, Immutable, Alias("parcae.FleetLease")]
public sealed record FleetLease([property: Id(0)] InstanceRecord[] Held, [property: Id(1)] int Share, [property: Id(2)] string Reason);
