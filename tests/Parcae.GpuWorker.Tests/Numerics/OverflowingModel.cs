using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

/// <summary>Two linear layers over 6 numbers, with a running mean of the input: small enough that a test sees through it, and with every kind of parameter that a step can change.</summary>
internal sealed class OverflowingModel : IStagedModel
{
    public const int Classes = 4, Inputs = 6, Hidden = 5;

    private static readonly LayerLayout[] Layouts =
    [
        LayerLayout.Of(0, "front",
            new("weight", [Hidden, Inputs], Initial.Normal(0.5), ParameterRole.Matrix),
            new("bias", [Hidden], Initial.Zeros, ParameterRole.Vector),
            new("mean", [Inputs], Initial.Zeros, ParameterRole.Statistic)),
        LayerLayout.Of(1, "back", new ParameterDeclaration("weight", [Classes, Hidden], Initial.Normal(0.5), ParameterRole.Matrix)),
    ];

    public ModelSpec Spec { get; } = new();

    public string Description => "two linear layers";

    public int LayerCount => Layouts.Length;

    public LayerLayout Layout(int layer) => Layouts[layer];

    public long[] OutputShape(int layer) => [layer == 0 ? Hidden : Classes];

    public double ForwardFlops(int layer) => 2.0 * Hidden * (layer == 0 ? Inputs : Classes);

    public long ActivationBytes(int layer) => sizeof(float) * (layer == 0 ? Inputs : Hidden);

    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        if (layer == 1) return pass.Linear(input, 0);
        pass.Observe(2, input.mean([0]));
        return pass.Linear(input, 0, 1);
    }

    public Tensor Loss(Tensor output, Tensor targets) => nn.functional.cross_entropy(output, targets).to(ScalarType.Float64);
}

/// <summary>Random samples; in one step one of them is so large that products with it overflow.</summary>
/// <param name="samples">Samples of a micro-batch.</param>
/// <param name="badStep">The step.</param>
internal sealed class OverflowingBatches(int samples, int badStep) : IBatchSource
{
    public MicroBatch MicroBatch(int step, int microBatch)
    {
        using var generator = new Generator((ulong)(1000 * step + microBatch), CPU);
        var inputs = empty(samples, OverflowingModel.Inputs).normal_(0, 1, generator);
        if (step == badStep && microBatch == 1) inputs[0].fill_(float.MaxValue);
        // What the first number says: it can be learnt.
        var targets = inputs.select(1, 0).gt(0).to(ScalarType.Int64);
        return new MicroBatch(inputs, targets, (ulong)step, samples);
    }

    public MicroBatch Validation(int microBatch) => throw new InvalidOperationException("No samples are kept for validation.");

    public void Dispose()
    {
    }
}
