namespace Parcae.Grains;

/// <summary>What to train, on what, and within which limits. Immutable once submitted.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobSpec")]
public sealed record JobSpec
{
    /// <summary>A name for people. The default value is <c>job</c>.</summary>
    [Id(0)] public string Name { get; init; } = "job";

    /// <summary>The model.</summary>
    [Id(1)] public ModelSpec Model { get; init; } = new();

    /// <summary>The training data.</summary>
    [Id(2)] public DataSpec Data { get; init; } = new();

    /// <summary>Batch, optimizer and length of the run.</summary>
    [Id(3)] public TrainingSpec Training { get; init; } = new();

    /// <summary>What the planner may assume and use.</summary>
    [Id(4)] public PlanningSpec Planning { get; init; } = new();

    /// <summary>The fleet whose instances the job uses. The default value is <c>default</c>.</summary>
    [Id(5)] public string Fleet { get; init; } = ParcaeNames.DefaultFleet;
}

/// <summary>A GPT: token and position embedding, <see cref="Blocks"/> transformer blocks, final norm and output head.</summary>
[GenerateSerializer, Immutable, Alias("parcae.ModelSpec")]
public sealed record ModelSpec
{
    /// <summary>Transformer blocks. The default value is 6. The model has <c>Blocks + 2</c> layers that can be dealt to stages.</summary>
    [Id(0)] public int Blocks { get; init; } = 6;

    /// <summary>Width of the residual stream. The default value is 128.</summary>
    [Id(1)] public int Hidden { get; init; } = 128;

    /// <summary>Attention heads; divides <see cref="Hidden"/>. The default value is 4.</summary>
    [Id(2)] public int Heads { get; init; } = 4;

    /// <summary>Tokens per sample. The default value is 128.</summary>
    [Id(3)] public int SequenceLength { get; init; } = 128;

    /// <summary>Number of tokens. The default value is 256: bytes.</summary>
    [Id(4)] public int Vocabulary { get; init; } = 256;

    /// <summary>Dropout probability in [0, 1). The default value is 0.</summary>
    [Id(5)] public double Dropout { get; init; }

    /// <summary>Layers that can be dealt to stages: embedding, blocks, head.</summary>
    public int LayerCount => Blocks + 2;

    /// <summary>Parameters of layer <paramref name="layer"/>: 0 is the embedding, the last one norm and head.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public long LayerParameters(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, LayerCount);
        long h = Hidden;
        if (layer == 0) return (Vocabulary + SequenceLength) * h;
        if (layer == LayerCount - 1) return 2 * h + h * Vocabulary;
        return 12 * h * h + 13 * h;
    }

    /// <summary>All parameters.</summary>
    public long Parameters => Enumerable.Range(0, LayerCount).Sum(LayerParameters);
}

/// <summary>Where the tokens come from.</summary>
[GenerateSerializer, Immutable, Alias("parcae.DataSpec")]
public sealed record DataSpec
{
    /// <summary>Text files, or folders whose files are read in ordinal order. Empty: the API documentation of the .NET SDK on the worker's machine.</summary>
    [Id(0)] public string[] Paths { get; init; } = [];

    /// <summary>Folder for the token cache, shared by the workers of one machine. Null: a folder under the system's temporary files.</summary>
    [Id(1)] public string? CacheFolder { get; init; }
}

/// <summary>Batch, optimizer and length of the run.</summary>
[GenerateSerializer, Immutable, Alias("parcae.TrainingSpec")]
public sealed record TrainingSpec
{
    /// <summary>Steps to train; null: until told to finish.</summary>
    [Id(0)] public int? Steps { get; init; }

    /// <summary>Samples of one step. The default value is 16. A multiple of <see cref="MicroBatches"/>.</summary>
    [Id(1)] public int GlobalBatch { get; init; } = 16;

    /// <summary>Micro-batches that a global batch is cut into, whatever the plan. The default value is 8.</summary>
    [Id(2)] public int MicroBatches { get; init; } = 8;

    /// <summary>Fixes initial parameters, the order of the data and dropout. The default value is 1.</summary>
    [Id(3)] public int Seed { get; init; } = 1;

    /// <summary>Peak learning rate of AdamW. The default value is 0.001.</summary>
    [Id(4)] public double LearningRate { get; init; } = 1e-3;

    /// <summary>Steps of linear warm-up. The default value is 20.</summary>
    [Id(5)] public int WarmupSteps { get; init; } = 20;

    /// <summary>Decoupled weight decay. The default value is 0.1.</summary>
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

    /// <summary>Samples of one micro-batch.</summary>
    public int MicroBatchSize => GlobalBatch / MicroBatches;
}

/// <summary>What the planner may assume about an instance, and how far it looks.</summary>
[GenerateSerializer, Immutable, Alias("parcae.PlanningSpec")]
public sealed record PlanningSpec
{
    /// <summary>Memory of one instance, bytes: bounds how many layers a stage can hold.</summary>
    [Id(0)] public long MemoryBytes { get; init; } = 16L << 30;

    /// <summary>Sustained speed of one instance, floating-point operations per second.</summary>
    [Id(1)] public double FlopsPerSecond { get; init; } = 50e9;

    /// <summary>Bandwidth between two instances, bytes per second.</summary>
    [Id(2)] public double LinkBytesPerSecond { get; init; } = 1e9;

    /// <summary>Intervals a plan looks ahead. The default value is 12.</summary>
    [Id(3)] public int LookAhead { get; init; } = 12;

    /// <summary>Most instances the job may use; null: all of the fleet.</summary>
    [Id(4)] public int? MaxInstances { get; init; }

    /// <summary>Forecaster, one of <see cref="Forecasters"/>. The default value is <c>persistence</c>.</summary>
    [Id(5)] public string Forecast { get; init; } = "persistence";

    /// <summary>Every forecaster that a job can name.</summary>
    public static IReadOnlyList<string> Forecasters { get; } = ["persistence", "arima", "artifact-arima", "holt", "survival", "ensemble"];
}
