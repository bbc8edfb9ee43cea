using Parcae.Cli.Commands;
using Parcae.Grains;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Demo;

/// <summary>The job that a demo trains.</summary>
internal static class DemoJob
{
    /// <summary>What the planner takes every worker for: an accelerator of its own, whatever the machine that they share; so layer times are estimated, not measured.</summary>
    private const double FlopsPerSecond = 30e9;

    private const double LinkBytesPerSecond = 1e9;

    private const long Unlimited = 1L << 50;

    /// <summary>The job, with a memory limit under which the model needs at least two stages.</summary>
    /// <exception cref="UsageException">The options make no valid job; all problems are named.</exception>
    public static JobSpec Create(DemoOptions options, string tokenFolder)
    {
        var spec = new JobSpec
        {
            Name = "demo",
            Model = options.Model,
            Data = new DataSpec { Paths = [.. options.Data.Select(Path.GetFullPath)], CacheFolder = tokenFolder },
            Training = new TrainingSpec { Steps = options.Steps, GlobalBatch = options.Batch, MicroBatches = options.MicroBatches, Seed = options.Seed },
            Planning = new PlanningSpec { FlopsPerSecond = FlopsPerSecond, LinkBytesPerSecond = LinkBytesPerSecond, LayerTimes = "estimated" },
        };
        var problems = JobSpecValidation.Problems(spec);
        if (problems.Count > 0) throw new UsageException(string.Join(Environment.NewLine, problems));
        return spec with { Planning = spec.Planning with { MemoryBytes = MemoryLimit(spec) } };
    }

    /// <summary>The same job for one undisturbed worker.</summary>
    public static JobSpec Undisturbed(JobSpec spec, int steps) => spec with
    {
        Name = "demo-undisturbed",
        Training = spec.Training with { Steps = steps, Vault = false },
        Planning = spec.Planning with { MemoryBytes = Unlimited, MaxInstances = 1 },
    };

    /// <summary>The model in a few words.</summary>
    public static string Describe(ModelSpec model) =>
        $"GPT, {model.Blocks} blocks x {model.Hidden}, {model.Heads} heads, sequence {model.SequenceLength}, vocabulary {model.Vocabulary}";

    /// <summary>
    /// Three quarters of what the whole model needs, or a little more where two stages would not fit that: a stage keeps the activations of several
    /// micro-batches at a time, so half the model needs more than half the memory.
    /// </summary>
    internal static long MemoryLimit(JobSpec spec)
    {
        long whole = WholeModelBytes(spec);
        for (int percent = 75; percent < 100; percent++)
        {
            long limit = whole / 100 * percent;
            var profile = Profile(spec, limit);
            if (profile.Throughput(1, 1) == 0 && profile.Throughput(1, 2) > 0) return limit;
        }

        throw new UsageException(
            $"The model ({Describe(spec.Model)}) cannot be cut into two stages that each need less memory than all of it; give it more --blocks.");
    }

    /// <summary>The least memory with which one instance can hold the whole model, by the planner's own rule.</summary>
    private static long WholeModelBytes(JobSpec spec)
    {
        long low = 1, high = Unlimited;
        while (low < high)
        {
            long middle = low + (high - low) / 2;
            if (Profile(spec, middle).Throughput(1, 1) > 0) high = middle;
            else low = middle + 1;
        }

        return low;
    }

    private static PlanningProfile Profile(JobSpec spec, long memoryBytes)
    {
        var m = spec.Model;
        return PlanningProfile.FromLayers(
            spec.Name,
            TransformerCosts.Layers(m.Blocks, m.Hidden, m.Heads, m.SequenceLength, m.Vocabulary),
            spec.Training.GlobalBatch,
            spec.Training.MicroBatches,
            new AcceleratorSpec(memoryBytes, FlopsPerSecond, LinkBytesPerSecond),
            new TrainingMode(spec.Training.OptimizerSlots, spec.Training.Recompute));
    }
}
