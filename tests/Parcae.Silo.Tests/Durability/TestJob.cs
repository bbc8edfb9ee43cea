using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>A small job that these tests disturb, and what it would have done undisturbed.</summary>
internal sealed class TestJob
{
    private readonly Lock _computing = new();
    private readonly List<StepResult> _known = [];
    private Func<StepResult>? _next;

    private TestJob(JobSpec spec) => Spec = spec;

    /// <summary>One for two workers.</summary>
    public static TestJob Small { get; } = new(new JobSpec
    {
        Model = new ModelSpec { Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 16 },
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = 4, MicroBatches = 2, Seed = 11, CheckpointEvery = 50 },
        // Slow machines by estimate: the planner uses all that there are, whatever else this one does.
        Planning = new PlanningSpec { FlopsPerSecond = 1e6, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
    });

    /// <summary>One for four workers, which hold half of the model each.</summary>
    public static TestJob Staged { get; } = new(Small.Spec with
    {
        Model = new ModelSpec { Blocks = 4, Hidden = 32, Heads = 2, SequenceLength = 32 },
        Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 8, Seed = 12, CheckpointEvery = 100 },
        Planning = Small.Spec.Planning with { MemoryBytes = 1_000_000 },
    });

    /// <summary>What is trained; without a last step, until the test ends it.</summary>
    public JobSpec Spec { get; }

    /// <summary>Compares all steps of a job with those of the undisturbed run, bit for bit.</summary>
    public void AssertUndisturbed(JobHistory history)
    {
        Assert.Equal(Enumerable.Range(0, history.Steps.Length), history.Steps.Select(s => s.Step));
        var reference = Reference(history.Steps.Length);
        for (int step = 0; step < history.Steps.Length; step++)
        {
            var (is_, was) = (history.Steps[step], reference[step]);
            Assert.Equal((step, was.Loss, was.GradientNorm, was.DataChecksum, was.Samples), (step, is_.Loss, is_.GradientNorm, is_.DataChecksum, is_.Samples));
        }

        Assert.Equal((0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated));
    }

    private List<StepResult> Reference(int steps)
    {
        lock (_computing)
        {
            if (_next is null)
            {
                TorchNative.EnsureLoaded();
                TorchSharp.torch.set_num_threads(1);
                _next = new LocalTrainer(ModelFactory.Create(Spec.Model), Spec.Training, BatchSources.Open(Spec, NullLogger.Instance)).Step;
            }

            while (_known.Count < steps) _known.Add(_next());
            return _known;
        }
    }
}
