using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class OptimizerTests
{
    private static readonly Gpt Model = new(new ModelSpec { Blocks = 1, Hidden = 12, Heads = 2, SequenceLength = 5, Vocabulary = 257 });
    private static readonly TrainingSpec Training = new() { MicroBatches = 6, GlobalBatch = 6, WarmupSteps = 3 };

    [Fact]
    public void Ten_steps_agree_with_the_formula_in_float64()
    {
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(Model, 1, Training);
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
            Optimizer.Apply(state, sum, norm, Training);
        }

        Assert.Equal(10, state.Version);
        Assert.InRange((state.Parameters.to(ScalarType.Float64) - p).abs().max().item<double>(), 0, 2e-7);
        Assert.InRange((state.Tensors[2].to(ScalarType.Float64) - v).abs().max().item<double>(), 0, 1e-8);
    }

    [Fact]
    public void Every_element_gets_the_bits_of_scalar_arithmetic()
    {
        // The layers have lengths that no vector width divides: what is left over must be rounded like the rest.
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(Model, 0, Training);
        var sum = empty(state.Layout.Length).normal_(0, 1);
        var (g, p) = (sum.Floats().ToArray(), state.Parameters.Floats().ToArray());
        Optimizer.Apply(state, sum, 0.5, Training);
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
        Assert.Equal([0.125, 0.25, 0.375, 0.5, 0.5, 0.5], Enumerable.Range(0, 6).Select(step => LearningRates.At(training, step)));
        Assert.Equal(0.5, LearningRates.At(training with { WarmupSteps = 0 }, 0));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_step_whose_norm_is_no_number_is_skipped(double norm)
    {
        using var state = LayerState.Initialize(Model, 1, Training);
        using var copy = state.Clone();
        using var sum = ones(state.Layout.Length);
        Optimizer.Apply(state, sum, norm, Training);
        Assert.Equal(copy.Parameters.Bytes().ToArray(), state.Parameters.Bytes().ToArray());
        Assert.Equal(1, state.Version);
    }

    [Fact]
    public void A_cosine_falls_to_its_end_and_stays()
    {
        var training = new TrainingSpec { LearningRate = 1, WarmupSteps = 2, Schedule = "cosine", Steps = 10, FinalLearningRate = 0.2 };
        Assert.Equal(0.5, LearningRates.At(training, 0));
        Assert.Equal(1, LearningRates.At(training, 2));
        Assert.Equal(0.6, LearningRates.At(training, 6), 1e-12);
        Assert.Equal(0.2, LearningRates.At(training, 10), 1e-12);
        Assert.Equal(0.2, LearningRates.At(training, 1000), 1e-12);
        Assert.Equal(0.6, LearningRates.At(training with { Steps = null, DecaySteps = 10 }, 6), 1e-12);
    }

    [Theory]
    [InlineData("adamw", 0.9, 1e-7)] // Torch's square root on the CPU is not the nearest float32; on CUDA it is
    [InlineData("sgd", 0.9, 0)]
    [InlineData("sgd", 0.0, 0)]
    public void Operations_on_a_device_round_as_the_one_pass_on_the_host(string optimizer, double momentum, double tolerance)
    {
        using var scope = NewDisposeScope();
        var training = Training with { Optimizer = optimizer, Momentum = momentum };
        using var host = LayerState.Initialize(Model, 1, training);
        using var device = LayerState.Initialize(Model, 1, training);
        for (int step = 0; step < 4; step++)
        {
            var sum = empty(host.Layout.Length).normal_(0, 1);
            Optimizer.Apply(host, sum, 2.5, training);
            Optimizer.ApplyOnDevice(device, sum, 2.5, training);
        }

        foreach (var (expected, actual) in host.Tensors.Zip(device.Tensors)) Assert.InRange((expected - actual).abs().max().item<float>(), 0, tolerance);
    }

    [Fact]
    public void Sgd_agrees_with_the_formula_in_float64()
    {
        using var scope = NewDisposeScope();
        var training = Training with { Optimizer = "sgd", WeightDecay = 0.01 };
        using var state = LayerState.Initialize(Model, 1, training);
        Assert.Single(state.Slots);
        var decays = cat([.. state.Layout.Parameters.Select(p => full(p.Length, p.Decays ? 1.0 : 0.0, dtype: ScalarType.Float64))]);
        var (p, v) = (state.Parameters.to(ScalarType.Float64), zeros(state.Layout.Length, ScalarType.Float64));
        for (int t = 1; t <= 10; t++)
        {
            var sum = empty(state.Layout.Length).normal_(0, 1);
            v = v * 0.9 + sum.to(ScalarType.Float64) / 6 + decays * 0.01 * p;
            p = p - 1e-3 * Math.Min(1, t / 3.0) * v;
            Optimizer.Apply(state, sum, 0.5, training);
        }

        Assert.InRange((state.Parameters.to(ScalarType.Float64) - p).abs().max().item<double>(), 0, 5e-7);
    }

    [Fact]
    public void A_running_statistic_is_what_applying_every_micro_batch_in_order_gives()
    {
        var layout = LayerLayout.Of(0, "norm", new ParameterDeclaration("mean", [5], Initial.Zeros, ParameterRole.Statistic));
        using var scope = NewDisposeScope();
        var samples = Enumerable.Range(0, 6).Select(_ => empty(5).normal_(3, 1)).ToArray();
        var (expected, sum) = (zeros(5, ScalarType.Float64), zeros(5));
        for (int i = 0; i < 6; i++)
        {
            expected = expected * 0.9 + samples[i].to(ScalarType.Float64) * 0.1;
            sum += samples[i] * Optimizer.StatisticWeight(i, 6);
        }

        using var state = LayerState.Allocate(layout, 0, Training);
        state.Parameters.zero_();
        Optimizer.Apply(state, sum, 1, Training);
        Assert.InRange((state.Parameters.to(ScalarType.Float64) - expected).abs().max().item<double>(), 0, 1e-6);
    }

    [Fact]
    public void Norms_are_of_the_mean_gradient_and_in_float64()
    {
        using var scope = NewDisposeScope();
        var sum = empty(1003).normal_(0, 3);
        double expected = sum.to(ScalarType.Float64).div(8).square().sum().item<double>();
        Assert.Equal(expected, Norms.SumOfSquares(Flat(1003), sum, 8), expected * 1e-12);
        Assert.Equal(5, Norms.Global([9, 16]));
        Assert.Equal(2e30, Norms.SumOfSquares(Flat(2), [1e15f, 1e15f], 1), 1e24); // its square would overflow float32's precision, not float64's
    }

    [Fact]
    public void Neither_copies_nor_statistics_count_towards_the_norm()
    {
        var layout = LayerLayout.Of(1, "layer",
            new ParameterDeclaration("weight", [2], Initial.Zeros, ParameterRole.Vector),
            new ParameterDeclaration("copy", [2], Initial.Zeros, ParameterRole.Matrix, new TiedTo(0, 0)),
            new ParameterDeclaration("mean", [2], Initial.Zeros, ParameterRole.Statistic));
        Assert.Equal(25, Norms.SumOfSquares(layout, [3, 4, 5, 6, 7, 8], 1));
    }

    private static LayerLayout Flat(long length) => LayerLayout.Of(0, "flat", new ParameterDeclaration("all", [length], Initial.Zeros, ParameterRole.Vector));
}
