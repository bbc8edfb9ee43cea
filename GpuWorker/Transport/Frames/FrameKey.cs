namespace Parcae.GpuWorker.Transport;

/// <summary>What a frame carries. New kinds are added at the end; numbers from 200 on belong to the transport itself.</summary>
public enum FrameKind : byte
{
    /// <summary>Output of a stage, going to the next one.</summary>
    Activation = 1,

    /// <summary>Gradient of a stage's input, going to the previous one.</summary>
    Gradient = 2,

    /// <summary>A replica's subtrees of a chunk, going to the chunk's owner.</summary>
    ReduceChunk = 3,

    /// <summary>The sum of a chunk, going from its owner to the other replicas.</summary>
    ReducedChunk = 4,

    /// <summary>The commit barrier among the replicas of a stage.</summary>
    StageBarrier = 5,

    /// <summary>The commit barrier along a pipeline.</summary>
    PipelineBarrier = 6,

    /// <summary>Reduced gradients of a layer, going to the state vault.</summary>
    VaultGradient = 7,

    /// <summary>Result of a step, going to the state vault.</summary>
    VaultStep = 8,

    /// <summary>Output of a stage for validation samples, going to the next one.</summary>
    ValidationActivation = 9,

    /// <summary>Reduced gradient of a tied parameter, going to the stage that holds the other one of the pair.</summary>
    TiedGradient = 10,

    /// <summary>What a replica can sum gradients with, going to the other replicas of its stage.</summary>
    CollectiveOffer = 11,

    /// <summary>The id of a NCCL communicator, going to the replicas that join it.</summary>
    CollectiveId = 12,

    /// <summary>A shard of the state vault has all of a step, going to the others: nobody applies it before all have.</summary>
    VaultReady = 13,

    /// <summary>The checkpoint at a version is durable, going to the shards that keep copies for it.</summary>
    VaultWritten = 14,
}

/// <summary>Names a frame: a peer sends at most one frame of each key in a generation.</summary>
/// <param name="Kind">What it carries.</param>
/// <param name="Step">The training step that it belongs to.</param>
/// <param name="Index">Which one of its kind in that step: a micro-batch, a layer, a bucket.</param>
/// <param name="Part">Which part of it, where it goes in several frames.</param>
public readonly record struct FrameKey(FrameKind Kind, int Step, int Index, int Part = 0)
{
    /// <inheritdoc/>
    public override string ToString() => Part == 0 ? $"{Kind} {Index} of step {Step}" : $"{Kind} {Index}, part {Part}, of step {Step}";
}
