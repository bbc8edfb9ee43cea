namespace Parcae.Grains;

/// <summary>Get ready for a generation: have its layers at its start version, and its data. Training does not begin before <see cref="SwitchCommand"/>.</summary>
[GenerateSerializer, Immutable, Alias("parcae.PrepareCommand")]
public sealed record PrepareCommand
{
    /// <summary>The plan; the receiver finds itself in it as a place or as the vault.</summary>
    [Id(0)] public required GenerationPlan Plan { get; init; }

    /// <summary>The job.</summary>
    [Id(1)] public required JobSpec Spec { get; init; }

    /// <summary>What the secret of the job's data plane is derived from, besides the service's: 32 bytes.</summary>
    [Id(2)] public required byte[] Salt { get; init; }

    /// <summary>A holder at <c>StartStep - 1</c> with that step's reduced gradients finishes the step with this norm first; null: nobody needs to.</summary>
    [Id(3)] public StepResult? Finish { get; init; }

    /// <summary>Where to get each layer that the receiver needs; layers that it already holds at the start version are not fetched again.</summary>
    [Id(4)] public required LayerSource[] Sources { get; init; }

    /// <summary>For one of the vault's instances only: load all layers from the checkpoint of this version on its disk, for everyone.</summary>
    [Id(5)] public int? RestoreCheckpoint { get; init; }
}

/// <summary>Who holds a layer.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Holders">Peers that hold it at the plan's start version, nearest first; empty: make it from the seed (version 0 only).</param>
[GenerateSerializer, Immutable, Alias("parcae.LayerSource")]
public sealed record LayerSource([property: Id(0)] int Layer, [property: Id(1)] PeerEndpoint[] Holders);

/// <summary>What a preparation took.</summary>
/// <param name="InstanceId">Who prepared.</param>
/// <param name="Generation">For which generation.</param>
/// <param name="BytesReceived">Bytes of state fetched from peers.</param>
/// <param name="LayersReceived">Layers fetched from peers.</param>
/// <param name="Milliseconds">Wall time.</param>
/// <param name="From">Bytes that each peer gave; null: it does not say.</param>
[GenerateSerializer, Immutable, Alias("parcae.PrepareReport")]
public sealed record PrepareReport(
    [property: Id(0)] string InstanceId,
    [property: Id(1)] int Generation,
    [property: Id(2)] long BytesReceived,
    [property: Id(3)] int LayersReceived,
    [property: Id(4)] double Milliseconds,
    [property: Id(5)] PeerBytes[]? From = null);

/// <summary>What a peer gave.</summary>
/// <param name="InstanceId">The peer.</param>
/// <param name="Bytes">Bytes of state.</param>
[GenerateSerializer, Immutable, Alias("parcae.PeerBytes")]
public readonly record struct PeerBytes([property: Id(0)] string InstanceId, [property: Id(1)] long Bytes);

/// <summary>Follow layers of the generation that is training, as shadow replicas: a snapshot once, then every reduced gradient.</summary>
[GenerateSerializer, Immutable, Alias("parcae.ShadowCommand")]
public sealed record ShadowCommand
{
    /// <summary>The job.</summary>
    [Id(0)] public required string JobId { get; init; }

    /// <summary>The generation that is training.</summary>
    [Id(1)] public required int Generation { get; init; }

    /// <summary>The job's spec.</summary>
    [Id(2)] public required JobSpec Spec { get; init; }

    /// <summary>What the secret of the job's data plane is derived from, besides the service's: 32 bytes.</summary>
    [Id(3)] public required byte[] Salt { get; init; }

    /// <summary>The layers, each with replicas that train it, the one to follow first.</summary>
    [Id(4)] public required LayerSource[] Sources { get; init; }

    /// <summary>D of the plan that this is to be ready for: how many replicas of its stage the receiver will sum gradients with. The default value is 1.</summary>
    [Id(5)] public int Pipelines { get; init; } = 1;

    /// <summary>The stage that the instance is to be ready for; null: a shard of the state vault.</summary>
    [Id(6)] public int? Stage { get; init; }
}

/// <summary>Shadow replicas that have caught up.</summary>
/// <param name="InstanceId">Who follows.</param>
/// <param name="BytesReceived">Bytes of snapshots and gradients received so far.</param>
/// <param name="Layers">Layers followed.</param>
/// <param name="Milliseconds">Time that this command took.</param>
/// <param name="From">Bytes that each peer gave; null: it does not say.</param>
[GenerateSerializer, Immutable, Alias("parcae.ShadowReport")]
public sealed record ShadowReport(
    [property: Id(0)] string InstanceId,
    [property: Id(1)] long BytesReceived,
    [property: Id(2)] int Layers,
    [property: Id(3)] double Milliseconds,
    [property: Id(4)] PeerBytes[]? From = null);

/// <summary>Begin training the prepared generation.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Generation">The generation that was prepared.</param>
/// <param name="AtStep">Its start step, repeated as a check.</param>
[GenerateSerializer, Immutable, Alias("parcae.SwitchCommand")]
public sealed record SwitchCommand([property: Id(0)] string JobId, [property: Id(1)] int Generation, [property: Id(2)] int AtStep);

/// <summary>When to stop.</summary>
public enum HaltMode
{
    /// <summary>At the next step boundary, which the workers agree on through the commit barrier; falls to <see cref="Now"/> by itself when a peer is lost meanwhile.</summary>
    AtBoundary,

    /// <summary>At once, in the middle of a step; the step is abandoned.</summary>
    Now,
}

/// <summary>Stop training and say what you hold. Also the fence: from here on anything of a generation below <paramref name="Generation"/> is refused.</summary>
/// <param name="JobId">The job.</param>
/// <param name="Generation">The generation that is about to be prepared: higher than the running one.</param>
/// <param name="Mode">When to stop.</param>
/// <param name="ResultsFrom">Step results wanted from this step on.</param>
[GenerateSerializer, Immutable, Alias("parcae.HaltCommand")]
public sealed record HaltCommand(
    [property: Id(0)] string JobId,
    [property: Id(1)] int Generation,
    [property: Id(2)] HaltMode Mode,
    [property: Id(3)] int ResultsFrom);

/// <summary>A layer that an instance holds.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Version">Steps applied to it.</param>
/// <param name="HasReducedGradients">Whether the reduced gradients of step <c>Version</c> are at hand, so that the step can be finished once its norm is known.</param>
[GenerateSerializer, Immutable, Alias("parcae.LayerHolding")]
public readonly record struct LayerHolding([property: Id(0)] int Layer, [property: Id(1)] int Version, [property: Id(2)] bool HasReducedGradients);

/// <summary>What a stopped worker (or the vault) holds of a job.</summary>
[GenerateSerializer, Immutable, Alias("parcae.HaltReport")]
public sealed record HaltReport
{
    /// <summary>Who.</summary>
    [Id(0)] public required string InstanceId { get; init; }

    /// <summary>
    /// The layers held; empty for an instance that has nothing of the job. A layer held twice (the halted generation's and one that was prepared but
    /// never switched to) is listed once for each version.
    /// </summary>
    [Id(1)] public required LayerHolding[] Layers { get; init; }

    /// <summary>Step results known, in order, from the step asked for on. The last one tells the norm of the last step that passed the barrier here.</summary>
    [Id(2)] public required StepResult[] Results { get; init; }

    /// <summary>For the vault: versions of valid-looking checkpoints on its disk and in its bucket, ascending.</summary>
    [Id(3)] public int[] Checkpoints { get; init; } = [];

    /// <summary>Peers that were found broken in the halted generation.</summary>
    [Id(4)] public string[] BrokenPeers { get; init; } = [];

    /// <summary>
    /// For the vault: results of steps from the step asked for on that lie with its checkpoints, in order. They speak of the checkpoints' states, which need not be of the line that was halted.
    /// </summary>
    [Id(5)] public StepResult[] CheckpointResults { get; init; } = [];

    /// <summary>For the vault: why it does not know whether its bucket has other checkpoints, for people; null where it does, or has no bucket.</summary>
    [Id(6)] public string? CheckpointsUnread { get; init; }
}

/// <summary>What a worker is doing.</summary>
public enum WorkerPhase
{
    /// <summary>Holds nothing.</summary>
    Idle,

    /// <summary>Stopped, holding state.</summary>
    Halted,

    /// <summary>Prepared for a generation.</summary>
    Prepared,

    /// <summary>Training (or, the vault, following).</summary>
    Running,
}

/// <summary>A worker's state for one job.</summary>
[GenerateSerializer, Immutable, Alias("parcae.WorkerStatus")]
public sealed record WorkerStatus
{
    /// <summary>Who.</summary>
    [Id(0)] public required string InstanceId { get; init; }

    /// <summary>What it is doing.</summary>
    [Id(1)] public required WorkerPhase Phase { get; init; }

    /// <summary>Generation of its plan; 0 when it has none.</summary>
    [Id(2)] public int Generation { get; init; }

    /// <summary>The lowest generation that it still accepts.</summary>
    [Id(3)] public int Fence { get; init; }

    /// <summary>Version of its layers (for the vault: of its consistent copy).</summary>
    [Id(4)] public int Version { get; init; }

    /// <summary>For the vault: steps of which it has received something and that it has not applied; 0 elsewhere. What it has not received yet only the job knows (<see cref="VaultStatus.Lag"/>).</summary>
    [Id(5)] public int Lag { get; init; }

    /// <summary>For the vault: the newest checkpoint that it has made durable since it began; null: none yet.</summary>
    [Id(6)] public int? Checkpoint { get; init; }

    /// <summary>For the vault: why its last attempt at a checkpoint failed, or at bringing its newest one into the bucket; null when neither did.</summary>
    [Id(7)] public string? CheckpointFailure { get; init; }

    /// <summary>Faults that have struck the process since it began (<see cref="IGpuWorker.Inject"/>); one that ends it is never counted.</summary>
    [Id(8)] public int FaultsStruck { get; init; }

    /// <summary>For the vault: why it has stopped following without being told to, for people; null when it has not.</summary>
    [Id(9)] public string? Trouble { get; init; }
}

/// <summary>A command of an older generation than the worker accepts.</summary>
[GenerateSerializer, Alias("parcae.StaleGenerationException")]
public sealed class StaleGenerationException : Exception
{
    /// <summary>Creates the exception; the message names both numbers.</summary>
    public StaleGenerationException(int generation, int fence)
        : base($"Generation {generation} is refused: this worker accepts generation {fence} and later.")
    {
        (Generation, Fence) = (generation, fence);
    }

    /// <summary>Creates an exception without numbers.</summary>
    public StaleGenerationException() { }

    /// <summary>Creates an exception with a message of its own.</summary>
    public StaleGenerationException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause of its own.</summary>
    public StaleGenerationException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The refused generation.</summary>
    [Id(0)] public int Generation { get; }

    /// <summary>The lowest one that is accepted.</summary>
    [Id(1)] public int Fence { get; }
}
