using System.Numerics;
using System.Runtime.InteropServices;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// AdamW (Loshchilov and Hutter) with global norm clipping, in one pass over a layer's flat tensors. Every operation is elementwise and rounded
/// as IEEE 754 says, every coefficient is computed in float64 and rounded once: the result has the same bits on every machine and however the
/// model is split. Computing replicas, shadow replicas and the vault all use this.
/// </summary>
/// <remarks>
/// The learning rate rises linearly over the first <see cref="TrainingSpec.WarmupSteps"/> steps and is constant from then on. Weight decay is
/// decoupled and acts on matrices, not on biases and norms.
/// </remarks>
public static class AdamW
{
    /// <summary>Learning rate of a step.</summary>
    /// <param name="training">Peak and warm-up.</param>
    /// <param name="step">The step, from 0; it makes version <c>step + 1</c>.</param>
    public static double LearningRate(TrainingSpec training, int step)
    {
        ArgumentNullException.ThrowIfNull(training);
        return step < training.WarmupSteps ? training.LearningRate * (step + 1) / training.WarmupSteps : training.LearningRate;
    }

    /// <summary>Applies one step to a layer: version v becomes v + 1.</summary>
    /// <param name="state">The layer.</param>
    /// <param name="summedGradient">The layer's gradients summed (not averaged) over all micro-batches of the step, flat float32 <c>[LayerParameters]</c>.</param>
    /// <param name="norm">Norm of the whole model's mean gradient before clipping, see <see cref="Norms"/>.</param>
    /// <param name="training">Coefficients, and the number of micro-batches.</param>
    /// <exception cref="ArithmeticException">The norm is not a finite number: the training has diverged. Nothing was changed.</exception>
    public static void Apply(LayerState state, Tensor summedGradient, double norm, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(summedGradient);
        Apply(state, summedGradient.Floats().Span, norm, training);
    }

    /// <inheritdoc cref="Apply(LayerState, Tensor, double, TrainingSpec)"/>
    public static void Apply(LayerState state, ReadOnlySpan<float> summedGradient, double norm, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(training);
        if (!double.IsFinite(norm)) throw new ArithmeticException($"The gradient norm of step {state.Version} is {norm}: the training has diverged.");
        if (summedGradient.Length != state.Layout.Length)
            throw new ArgumentException($"The gradient has {summedGradient.Length} elements, layer {state.Layer} has {state.Layout.Length}.", nameof(summedGradient));

        double clip = norm > training.ClipNorm ? training.ClipNorm / norm : 1;
        double rate = LearningRate(training, state.Version);
        int next = state.Version + 1;
        var c = new Coefficients(
            Scale: (float)(clip / training.MicroBatches),
            Beta1: (float)training.Beta1,
            OneMinusBeta1: (float)(1 - training.Beta1),
            Beta2: (float)training.Beta2,
            OneMinusBeta2: (float)(1 - training.Beta2),
            StepSize: (float)(rate / (1 - Math.Pow(training.Beta1, next))),
            SecondCorrection: (float)(1 / Math.Sqrt(1 - Math.Pow(training.Beta2, next))),
            Epsilon: (float)training.Epsilon,
            Keep: 1);
        float keepOfMatrices = (float)(1 - rate * training.WeightDecay);

        var (parameters, first, second) = (state.Parameters.Floats(), state.FirstMoment.Floats(), state.SecondMoment.Floats());
        foreach (var slice in state.Layout.Parameters)
        {
            var range = new Range((int)slice.Offset, (int)(slice.Offset + slice.Length));
            Update(parameters.Span[range], first.Span[range], second.Span[range], summedGradient[range], slice.Decays ? c with { Keep = keepOfMatrices } : c);
        }

        state.Version = next;
    }

    private static void Update(Span<float> parameters, Span<float> first, Span<float> second, ReadOnlySpan<float> gradient, in Coefficients c)
    {
        Span<Vector<float>> p = Vectors(parameters), m = Vectors(first), v = Vectors(second);
        var g = MemoryMarshal.Cast<float, Vector<float>>(gradient);
        for (int i = 0; i < g.Length; i++)
        {
            var mean = g[i] * c.Scale;
            m[i] = m[i] * c.Beta1 + mean * c.OneMinusBeta1;
            v[i] = v[i] * c.Beta2 + mean * mean * c.OneMinusBeta2;
            p[i] = p[i] * c.Keep - m[i] * c.StepSize / (Vector.SquareRoot(v[i]) * c.SecondCorrection + new Vector<float>(c.Epsilon));
        }

        // What is left over: the same operations in the same order, hence the same bits as in a vector of any width.
        for (int i = g.Length * Vector<float>.Count; i < gradient.Length; i++)
        {
            float mean = gradient[i] * c.Scale;
            first[i] = first[i] * c.Beta1 + mean * c.OneMinusBeta1;
            second[i] = second[i] * c.Beta2 + mean * mean * c.OneMinusBeta2;
            parameters[i] = parameters[i] * c.Keep - first[i] * c.StepSize / (MathF.Sqrt(second[i]) * c.SecondCorrection + c.Epsilon);
        }

        static Span<Vector<float>> Vectors(Span<float> span) => MemoryMarshal.Cast<float, Vector<float>>(span);
    }

    private readonly record struct Coefficients(
        float Scale, float Beta1, float OneMinusBeta1, float Beta2, float OneMinusBeta2, float StepSize, float SecondCorrection, float Epsilon, float Keep);
}
