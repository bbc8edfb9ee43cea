using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class SkippedStepTests
{
    [Theory]
    [InlineData("adamw", 1)]
    [InlineData("adamw", 2)]
    [InlineData("sgd", 1)]
    public void A_step_whose_gradient_overflows_changes_nothing_but_the_version_and_training_goes_on(string optimizer, int pipelines)
    {
        const int BadStep = 7;
        var training = new TrainingSpec { GlobalBatch = 32, MicroBatches = 4, WarmupSteps = 0, LearningRate = 0.05, WeightDecay = 0, Optimizer = optimizer };
        using var batches = new OverflowingBatches(training.MicroBatchSize, BadStep);
        using var trainer = new LocalTrainer(new OverflowingModel(), training, batches, null, pipelines);
        var losses = new List<double>();
        for (int step = 0; step < 60; step++)
        {
            var before = Bytes(trainer);
            var result = trainer.Step();
            Assert.Equal(step == BadStep, result.Skipped);
            Assert.Equal(step + 1, trainer.Version);
            Assert.Equal(32, result.Samples);
            Assert.Equal(step == BadStep, before.SequenceEqual(Bytes(trainer)));
            if (!result.Skipped) losses.Add(result.Loss);
        }

        Assert.All(losses, loss => Assert.True(double.IsFinite(loss), $"a loss of {loss}"));
        Assert.InRange(losses[^1], 0, losses[0] / 2);
    }

    private static byte[] Bytes(LocalTrainer trainer) => [.. trainer.States.SelectMany(s => s.Tensors).SelectMany(t => t.Bytes().ToArray())];
}
