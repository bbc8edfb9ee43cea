using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class PrecisionTests
{
    private static readonly ModelSpec Model = new() { Blocks = 2, Hidden = 32, Heads = 2, SequenceLength = 16 };
    private static readonly TrainingSpec Training = new() { GlobalBatch = 16, MicroBatches = 2, WarmupSteps = 5, LearningRate = 3e-3 };

    [Fact]
    public void Training_in_bfloat16_stays_near_training_in_float32_and_keeps_its_weights_in_float32()
    {
        var (exact, low) = (Losses("float32"), Losses("bfloat16"));
        Assert.NotEqual(exact, low);
        Assert.InRange(low[^1], 1, low[0] - 1.5);
        for (int step = 0; step < exact.Length; step++) Assert.Equal(exact[step], low[step], 0.03 * exact[step]);

        static double[] Losses(string precision)
        {
            var training = Training with { Precision = precision };
            using var text = BatchSources.Open(new JobSpec { Model = Model, Training = training });
            using var trainer = new LocalTrainer(new Gpt(Model), training, text);
            double[] losses = [.. Enumerable.Range(0, 50).Select(_ => trainer.Step().Loss)];
            Assert.All(trainer.States.SelectMany(s => s.Tensors), t => Assert.Equal(ScalarType.Float32, t.dtype));
            using var scope = NewDisposeScope();
            // Not float32 tensors of bfloat16 values: small updates are not lost to rounding.
            var weights = trainer.States[1].Parameters;
            if (precision == "bfloat16") Assert.InRange(weights.to(ScalarType.BFloat16).to(ScalarType.Float32).ne(weights).to(ScalarType.Float32).mean().item<float>(), 0.9, 1);
            return losses;
        }
    }
}
