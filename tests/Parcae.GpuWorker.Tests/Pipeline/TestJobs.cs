using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Pipeline;

/// <summary>Jobs that are small enough for tests.</summary>
internal static class TestJobs
{
    private static readonly Lazy<string> Text = new(() => TemporaryFolder.UntilTheEnd(new TemporaryFolder())
        .File("text.txt", string.Concat(Enumerable.Range(0, 4000).Select(i => $"The {i} brown foxes jump over {i * 7 % 101} lazy dogs.\n"))));

    /// <summary>A GPT of 60 thousand parameters in six layers; dropout on, an uneven number of micro-batches.</summary>
    public static JobSpec Small => new()
    {
        Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 32, Dropout = 0.1 },
        Data = new DataSpec { Paths = [Text.Value] },
        Training = new TrainingSpec { GlobalBatch = 14, MicroBatches = 7, Seed = 5, LearningRate = 3e-3, WarmupSteps = 5, CheckpointEvery = 5 },
    };
}
