using Parcae.Grains;

namespace Parcae.Client.Tests.Jobs.Documents;

/// <summary>What a number may be, as the schema says it.</summary>
/// <param name="Least">The least value, or null.</param>
/// <param name="Most">The greatest value, or null.</param>
/// <param name="AboveLeast">Whether it must be above the least.</param>
/// <param name="BelowMost">Whether it must be below the greatest.</param>
internal sealed record NumberLimit(double? Least, double? Most = null, bool AboveLeast = false, bool BelowMost = false);

/// <summary>Limits and choices of fields, by their paths. A test tries each against the rules themselves.</summary>
internal static class SchemaLimits
{
    private static readonly NumberLimit Share = new(0, 1, BelowMost: true), Positive = new(0, AboveLeast: true);

    public static IReadOnlyDictionary<string, NumberLimit> Numbers { get; } = new Dictionary<string, NumberLimit>
    {
        ["model.blocks"] = new(1, 1000),
        ["model.hidden"] = new(8, 65536),
        ["model.heads"] = new(1),
        ["model.sequenceLength"] = new(2, 65536),
        ["model.vocabulary"] = new(2, 1 << 24),
        ["model.dropout"] = Share,
        ["model.imageSize"] = new(8, 4096),
        ["model.channels"] = new(1, 64),
        ["model.classes"] = new(2, 1_000_000),
        ["model.width"] = new(1, 4096),
        ["data.validationFraction"] = Share,
        ["data.syntheticSamples"] = new(1, 1 << 30),
        ["training.steps"] = new(1),
        ["training.globalBatch"] = new(1),
        ["training.microBatches"] = new(1, 4096),
        ["training.learningRate"] = new(0, 10, AboveLeast: true, BelowMost: true),
        ["training.warmupSteps"] = new(0),
        ["training.weightDecay"] = Share,
        ["training.beta1"] = Share,
        ["training.beta2"] = Share,
        ["training.epsilon"] = Positive,
        ["training.clipNorm"] = Positive,
        ["training.checkpointEvery"] = new(1),
        ["training.vaultCopies"] = new(1, 2),
        ["training.momentum"] = Share,
        ["training.finalLearningRate"] = new(0),
        ["training.evaluateEvery"] = new(0),
        ["training.evaluationBatches"] = new(1),
        ["training.checkpointsKept"] = new(1),
        ["planning.memoryBytes"] = new(1),
        ["planning.flopsPerSecond"] = Positive,
        ["planning.linkBytesPerSecond"] = Positive,
        ["planning.lookAhead"] = new(1, 120),
        ["planning.maxInstances"] = new(1),
        ["sharing.priority"] = new(-100, 100),
        ["sharing.weight"] = new(0.01, 100),
        ["sharing.minInstances"] = new(0),
    };

    /// <summary>Without limits of their own: a step is whatever the cosine needs, a seed anything.</summary>
    public static IReadOnlySet<string> Unlimited { get; } = new HashSet<string> { "training.seed", "training.decaySteps" };

    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Choices { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["model.family"] = ModelSpec.Families,
        ["data.kind"] = DataSpec.Kinds,
        ["data.tokenizer"] = DataSpec.Tokenizers,
        ["training.optimizer"] = TrainingSpec.Optimizers,
        ["training.schedule"] = TrainingSpec.Schedules,
        ["training.precision"] = TrainingSpec.Precisions,
        ["training.pipelineSchedule"] = TrainingSpec.PipelineSchedules,
        ["training.collectives"] = TrainingSpec.CollectiveBackends,
        ["planning.forecast"] = PlanningSpec.Forecasters,
        ["planning.layerTimes"] = PlanningSpec.LayerTimeSources,
    };
}
