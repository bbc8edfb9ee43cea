using Parcae.Cli.Demo;
using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pause;

/// <summary>A job whose planned changes are measured: a GPT with a state of a given size, six micro-batches a step.</summary>
/// <param name="Name">What its state is called.</param>
/// <param name="Hidden">Width.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Sequence">Tokens per sample.</param>
/// <param name="Samples">Samples of a micro-batch.</param>
internal sealed record PauseJob(string Name, int Hidden, int Heads, int Sequence, int Samples)
{
    private const int MicroBatches = 6;

    /// <summary>Value and two moments of AdamW, float32.</summary>
    private const int BytesPerParameter = 12;

    /// <summary>The sizes that are measured: 0.84 and 42.7 million parameters, steps of a few tenths of a second to a second on two cores.</summary>
    public static readonly PauseJob[] All = [new("10 MB", 104, 4, 256, 4), new("500 MB", 768, 12, 32, 1)];

    /// <summary>State of the whole model, bytes.</summary>
    public long StateBytes
    {
        get
        {
            var model = ModelFactory.Create(Model);
            return BytesPerParameter * Enumerable.Range(0, model.LayerCount).SelectMany(layer => model.Layout(layer).Parameters).Where(p => p.IsOwn).Sum(p => p.Length);
        }
    }

    private ModelSpec Model => new() { Blocks = 6, Hidden = Hidden, Heads = Heads, SequenceLength = Sequence };

    /// <summary>
    /// The job without a memory limit: the planner then takes a pipeline of one stage per instance. No checkpoint is written while it runs.
    /// The planner goes by estimates, so that what it takes does not depend on what else this machine does.
    /// </summary>
    public JobSpec Wide => new()
    {
        Name = "pause",
        Model = Model,
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = MicroBatches * Samples, MicroBatches = MicroBatches, CheckpointEvery = 1_000_000 },
        Planning = new PlanningSpec { MemoryBytes = 1L << 50, FlopsPerSecond = 30e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
    };

    /// <summary>The same without a vault.</summary>
    public JobSpec WithoutVault => Wide with { Training = Wide.Training with { Vault = false } };

    /// <summary>The same with so little memory that it takes at least two stages: of two or three instances the planner makes one pipeline, of as many stages.</summary>
    public JobSpec Deep => Wide with { Planning = Wide.Planning with { MemoryBytes = DemoJob.MemoryLimit(Wide) } };
}
