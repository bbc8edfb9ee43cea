using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class AdamWTests
{
    private static readonly Gpt Model = new(new ModelSpec { Blocks = 1, Hidden = 12, Heads = 2, SequenceLength = 5, Vocabulary = 257 });
    private static readonly TrainingSpec Training = new() { MicroBatches = 6, GlobalBatch = 6, WarmupSteps = 3 };

    [Fact]
    public void Ten_steps_agree_with_the_formula_in_float64()
    {
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(Model, 1, 1);
        using var generator = new Generator(1, CPU);
        var decays = cat([.. state.Layout.Parameters.Select(p => full(p.Length, p.Decays ? 1.0 : 0.0, dtype: ScalarType.Float64))]);
        var (p, m, v) = (state.Parameters.to(ScalarType.Float64), zeros(state.Layout.Length, ScalarType.Float64), zeros(state.Layout.Length, ScalarType.Float64));
        for (int t = 1; t <= 10; t++)
        {
            var sum = empty(state.Layout.Length).normal_(0, 1, generator);
            double norm = t % 2 == 0 ? 0.5 : 2.5;
            var g = sum.to(ScalarType.Float64) / 6 * (norm > 1 ? 1 / norm : 1);
            double rate = 1e-3 * Math.Min(1, t / 3.0);
            (m, v) = (m * 0.9 + g * 0.1, v * 0.95 + g * g * 0.05);
            p = p * (1 - decays * rate * 0.1) - rate * (m / (1 - Math.Pow(0.9, t))) / ((v / (1 - Math.Pow(0.95, t))).sqrt() + 1e-8);
            AdamW.Apply(state, sum, norm, Training);
        }

        Assert.Equal(10, state.Version);
        Assert.InRange((state.Parameters.to(ScalarType.Float64) - p).abs().max().item<double>(), 0, 2e-7);
        Assert.InRange((state.SecondMoment.to(ScalarType.Float64) - v).abs().max().item<double>(), 0, 1e-8);
    }

    [Fact]
    public void Every_element_gets_the_bits_of_scalar_arithmetic()
    {
        // The layers have lengths that no vector width divides: what is left over must be rounded like the rest.
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(Model, 0, 1);
        var sum = empty(state.Layout.Length).normal_(0, 1);
        var (g, p) = (sum.Floats().ToArray(), state.Parameters.Floats().ToArray());
        AdamW.Apply(state, sum, 0.5, Training);
        double rate = 1e-3 / 3;
        var expected = p.Select((x, i) =>
        {
            float mean = g[i] * (float)(1.0 / 6);
            float m = 0 * 0.9f + mean * (float)(1 - 0.9), v = 0 * 0.95f + mean * mean * (float)(1 - 0.95);
            float root = MathF.Sqrt(v) * (float)(1 / Math.Sqrt(1 - 0.95)) + 1e-8f;
            return x * (float)(1 - rate * 0.1) - m * (float)(rate / (1 - 0.9)) / root;
        });
        Assert.Equal(expected, state.Parameters.Floats().ToArray());
    }

    [Fact]
    public void The_learning_rate_rises_and_then_stays()
    {
        var training = new TrainingSpec { LearningRate = 0.5, WarmupSteps = 4 };
        Assert.Equal([0.125, 0.25, 0.375, 0.5, 0.5, 0.5], Enumerable.Range(0, 6).Select(step => AdamW.LearningRate(training, step)));
        Assert.Equal(0.5, AdamW.LearningRate(training with { WarmupSteps = 0 }, 0));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_norm_that_is_no_number_changes_nothing(double norm)
    {
        using var state = LayerState.Initialize(Model, 1, 1);
        using var copy = state.Clone();
        using var sum = ones(state.Layout.Length);
        Assert.Contains("diverged", Assert.Throws<ArithmeticException>(() => AdamW.Apply(state, sum, norm, Training)).Message);
        Assert.Equal(copy.Parameters.Bytes().ToArray(), state.Parameters.Bytes().ToArray());
        Assert.Equal(0, state.Version);
    }

    [Fact]
    public void Norms_are_of_the_mean_gradient_and_in_float64()
    {
        using var scope = NewDisposeScope();
        var sum = empty(1003).normal_(0, 3);
        double expected = sum.to(ScalarType.Float64).div(8).square().sum().item<double>();
        Assert.Equal(expected, Norms.SumOfSquares(sum, 8), expected * 1e-12);
        Assert.Equal(5, Norms.Global([9, 16]));
        Assert.Equal(2e30, Norms.SumOfSquares([1e15f, 1e15f], 1), 1e24); // its square would overflow float32's precision, not float64's
    }
}
