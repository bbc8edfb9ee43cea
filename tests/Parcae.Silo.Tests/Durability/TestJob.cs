using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>The small job that these tests disturb, and what it would have done undisturbed.</summary>
internal static class TestJob
{
    private static readonly Lock Computing = new();
    private static readonly List<StepResult> Known = [];
    private static LocalTrainer? _trainer;

    /// <summary>What is trained; without a last step, until the test ends it.</summary>
    public static JobSpec Spec { get; } = new()
    {
        Model = new ModelSpec { Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 16 },
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = 4, MicroBatches = 2, Seed = 11, CheckpointEvery = 50 },
        // Slow machines by estimate: the planner uses all that there are, whatever else this one does.
        Planning = new PlanningSpec { FlopsPerSecond = 1e6, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
    };

    /// <summary>Compares all steps of a job with those of the undisturbed run, bit for bit.</summary>
    public static void AssertUndisturbed(JobHistory history)
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

    private static List<StepResult> Reference(int steps)
    {
        lock (Computing)
        {
            if (_trainer is null)
            {
                TorchNative.EnsureLoaded();
                TorchSharp.torch.set_num_threads(1);
                _trainer = new LocalTrainer(ModelFactory.Create(Spec.Model), Spec.Training, BatchSources.Open(Spec, NullLogger.Instance));
            }

            while (Known.Count < steps) Known.Add(_trainer.Step());
            return Known;
        }
    }
}
