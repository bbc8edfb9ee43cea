namespace Parcae.Grains;

/// <summary>Batch, optimizer, numerics and length of the run.</summary>
[GenerateSerializer, Immutable, Alias("parcae.TrainingSpec")]
public sealed record TrainingSpec
{
    /// <summary>Every optimizer that a job can name.</summary>
    public static IReadOnlyList<string> Optimizers { get; } = ["adamw", "sgd"];

    /// <summary>Every learning rate schedule that a job can name.</summary>
    public static IReadOnlyList<string> Schedules { get; } = ["constant", "cosine"];

    /// <summary>Every precision that a job can name.</summary>
    public static IReadOnlyList<string> Precisions { get; } = ["float32", "bfloat16"];

    /// <summary>Every pipeline schedule that a job can name.</summary>
    public static IReadOnlyList<string> PipelineSchedules { get; } = ["auto", "1f1b", "zero-bubble"];

    /// <summary>Every way to add gradients up that a job can name.</summary>
    public static IReadOnlyList<string> CollectiveBackends { get; } = ["auto", "sockets", "nccl"];

    /// <summary>Steps to train; null: until told to finish.</summary>
    [Id(0)] public int? Steps { get; init; }

    /// <summary>Samples of one step. The default value is 16. A multiple of <see cref="MicroBatches"/>.</summary>
    [Id(1)] public int GlobalBatch { get; init; } = 16;

    /// <summary>Micro-batches that a global batch is cut into, whatever the plan. The default value is 8.</summary>
    [Id(2)] public int MicroBatches { get; init; } = 8;

    /// <summary>Fixes initial parameters, the order of the data and dropout. The default value is 1.</summary>
    [Id(3)] public int Seed { get; init; } = 1;

    /// <summary>Peak learning rate. The default value is 0.001.</summary>
    [Id(4)] public double LearningRate { get; init; } = 1e-3;

    /// <summary>Steps of linear warm-up. The default value is 20.</summary>
    [Id(5)] public int WarmupSteps { get; init; } = 20;

    /// <summary>Weight decay: decoupled for adamw, added to the gradient for sgd; on matrices, not on biases and norms. The default value is 0.1.</summary>
    [Id(6)] public double WeightDecay { get; init; } = 0.1;

    /// <summary>First AdamW coefficient. The default value is 0.9.</summary>
    [Id(7)] public double Beta1 { get; init; } = 0.9;

    /// <summary>Second AdamW coefficient. The default value is 0.95.</summary>
    [Id(8)] public double Beta2 { get; init; } = 0.95;

    /// <summary>AdamW's epsilon. The default value is 1e-8.</summary>
    [Id(9)] public double Epsilon { get; init; } = 1e-8;

    /// <summary>The global gradient norm is clipped to this. The default value is 1.</summary>
    [Id(10)] public double ClipNorm { get; init; } = 1;

    /// <summary>The state vault writes a checkpoint every so many steps. The default value is 25.</summary>
    [Id(11)] public int CheckpointEvery { get; init; } = 25;

    /// <summary>Whether control silos keep shadow replicas of the model. The default value is true.</summary>
    [Id(12)] public bool Vault { get; init; } = true;

    /// <summary>How many of the control silos keep each layer, 1 or 2, where there are as many. The default value is 2: the loss of one costs nothing.</summary>
    [Id(26)] public int VaultCopies { get; init; } = 2;

    /// <summary>One of <see cref="Optimizers"/>. The default value is <c>adamw</c>.</summary>
    [Id(13)] public string Optimizer { get; init; } = "adamw";

    /// <summary>Momentum of sgd, in [0, 1). The default value is 0.9.</summary>
    [Id(14)] public double Momentum { get; init; } = 0.9;

    /// <summary>One of <see cref="Schedules"/>: after the warm-up the learning rate stays, or falls along half a cosine. The default value is <c>constant</c>.</summary>
    [Id(15)] public string Schedule { get; init; } = "constant";

    /// <summary>The step at which a cosine has reached <see cref="FinalLearningRate"/>; null: <see cref="Steps"/>.</summary>
    [Id(16)] public int? DecaySteps { get; init; }

    /// <summary>Where a cosine ends. The default value is 0.</summary>
    [Id(17)] public double FinalLearningRate { get; init; }

    /// <summary>
    /// One of <see cref="Precisions"/>. <c>bfloat16</c>: matrix products and convolutions in bfloat16, everything else, the parameters and the optimizer in float32. The default value is <c>float32</c>.
    /// </summary>
    [Id(18)] public string Precision { get; init; } = "float32";

    /// <summary>Whether activations are computed again in the backward pass instead of being kept: a third more compute for much less memory. The default value is false.</summary>
    [Id(19)] public bool Recompute { get; init; }

    /// <summary>Whether training is bit-identical under every plan. False: gradients are summed in a ring, whose rounding depends on the plan. The default value is true.</summary>
    [Id(20)] public bool Deterministic { get; init; } = true;

    /// <summary>One of <see cref="PipelineSchedules"/>. The default value is <c>auto</c>.</summary>
    [Id(21)] public string PipelineSchedule { get; init; } = "auto";

    /// <summary>The validation loss is measured before every so many steps; 0: never. The default value is 0.</summary>
    [Id(22)] public int EvaluateEvery { get; init; }

    /// <summary>Micro-batches of validation data that are measured. The default value is 8.</summary>
    [Id(23)] public int EvaluationBatches { get; init; } = 8;

    /// <summary>Checkpoints that are kept. The default value is 3.</summary>
    [Id(24)] public int CheckpointsKept { get; init; } = 3;

    /// <summary>One of <see cref="CollectiveBackends"/>: <c>auto</c> takes NCCL where the worker trains on CUDA and the library is there, else sockets. The default value is <c>auto</c>.</summary>
    [Id(25)] public string Collectives { get; init; } = "auto";

    /// <summary>Samples of one micro-batch.</summary>
    public int MicroBatchSize => GlobalBatch / MicroBatches;

    /// <summary>Tensors of optimizer state for each parameter: two moments of adamw; one of sgd, or none without momentum.</summary>
    public int OptimizerSlots => Optimizer == "adamw" ? 2 : Momentum > 0 ? 1 : 0;
}
