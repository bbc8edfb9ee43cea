namespace Parcae.Grains;

/// <summary>
/// One stage of a job, keyed <c>jobId/stage</c>. Knows which instance holds which of its layers at which version, and commands the peer-to-peer
/// transfers that bring a new generation's replicas of this stage about.
/// </summary>
[Alias("parcae.IStageGrain")]
public interface IStageGrain : IGrainWithStringKey
{
    /// <summary>
    /// Has every replica of the stage (and, for its own layers' bookkeeping, nobody else) prepare the plan: computes the sources of each missing layer from
    /// <see cref="StagePreparation.Holders"/>, commands the instances in parallel, and records the replicas with their versions.
    /// </summary>
    /// <returns>One outcome per replica; a failed one carries its error and never throws.</returns>
    [Alias("Prepare"), ResponseTimeout("00:15:00")] Task<ReplicaOutcome[]> Prepare(StagePreparation preparation);

    /// <summary>The stage as recorded last.</summary>
    [Alias("Record")] Task<StageRecord> Record();
}

/// <summary>What a stage needs to know to prepare its replicas.</summary>
[GenerateSerializer, Immutable, Alias("parcae.StagePreparation")]
public sealed record StagePreparation
{
    /// <summary>The plan to prepare.</summary>
    [Id(0)] public required GenerationPlan Plan { get; init; }

    /// <summary>The job.</summary>
    [Id(1)] public required JobSpec Spec { get; init; }

    /// <summary>What the secret of the job's data plane is derived from, besides the service's: 32 bytes.</summary>
    [Id(2)] public required byte[] Salt { get; init; }

    /// <summary>The step that holders at <c>StartStep - 1</c> finish first with the reduced gradients they have, or null.</summary>
    [Id(3)] public StepResult? Finish { get; init; }

    /// <summary>For each layer of the model, who holds it at the plan's start version (or will, once it has finished the step). Empty lists at version 0: made from the seed.</summary>
    [Id(4)] public required PeerEndpoint[][] Holders { get; init; }
}

/// <summary>How one replica fared.</summary>
/// <param name="InstanceId">The replica's instance.</param>
/// <param name="Report">What it did, or null when it failed.</param>
/// <param name="Error">Why it failed, or null.</param>
/// <param name="Unheard">Whether nothing is known of it: a grain between the job and it was lost, or could not be reached.</param>
[GenerateSerializer, Immutable, Alias("parcae.ReplicaOutcome")]
public sealed record ReplicaOutcome([property: Id(0)] string InstanceId, [property: Id(1)] PrepareReport? Report, [property: Id(2)] string? Error, [property: Id(3)] bool Unheard = false);

/// <summary>A stage's durable state.</summary>
[GenerateSerializer, Immutable, Alias("parcae.StageRecord")]
public sealed record StageRecord
{
    /// <summary>Generation it was recorded for; 0 when never.</summary>
    [Id(0)] public int Generation { get; init; }

    /// <summary>The layers.</summary>
    [Id(1)] public LayerRange Layers { get; init; }

    /// <summary>Instances that hold all layers of the stage, with the version at that generation's start.</summary>
    [Id(2)] public ReplicaVersion[] Replicas { get; init; } = [];
}

/// <summary>A replica and the version it held.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="Version">Steps applied to its layers.</param>
[GenerateSerializer, Immutable, Alias("parcae.ReplicaVersion")]
public readonly record struct ReplicaVersion([property: Id(0)] string InstanceId, [property: Id(1)] int Version);
