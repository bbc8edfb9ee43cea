using Parcae.GpuWorker.Models;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// One optimizer step of a layer: clipping by the global norm, AdamW or SGD on what is trained, and the exponential mean on running statistics. Every
/// operation is elementwise and rounded as IEEE 754 says, every coefficient is computed in float64 and rounded once: the result has the same bits however the
/// model is split. Computing replicas, shadow replicas and the vault all use this.
/// </summary>
public static class Optimizer
{
    /// <summary>Applies one step to a layer: version v becomes v + 1. A step whose norm is not finite changes nothing else: it is skipped.</summary>
    /// <param name="state">The layer.</param>
    /// <param name="summedGradient">
    /// The layer's gradients summed (not averaged) over all micro-batches of the step, flat float32 <c>[Length]</c>; of a running statistic, its weighted samples
    /// (<see cref="StatisticWeight"/>).
    /// </param>
    /// <param name="norm">Norm of the whole model's mean gradient before clipping, see <see cref="Norms"/>.</param>
    /// <param name="training">Coefficients, and the number of micro-batches.</param>
    public static void Apply(LayerState state, Tensor summedGradient, double norm, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(summedGradient);
        ArgumentNullException.ThrowIfNull(training);
        if (state.Parameters.device_type == DeviceType.CPU)
        {
            Apply(state, summedGradient.Floats().Span, norm, training);
            return;
        }

        ApplyOnDevice(state, summedGradient, norm, training);
    }

    /// <summary>The same with Torch's operations, wherever the tensors are: the same bits, more passes over memory.</summary>
    internal static void ApplyOnDevice(LayerState state, Tensor summedGradient, double norm, TrainingSpec training)
    {
        Check(state, summedGradient.numel());
        if (double.IsFinite(norm))
        {
            Coefficients(state, norm, training).OnDevice(state.Layout, [.. state.Tensors], summedGradient);
        }

        state.Version++;
    }

    /// <inheritdoc cref="Apply(LayerState, Tensor, double, TrainingSpec)"/>
    public static void Apply(LayerState state, ReadOnlySpan<float> summedGradient, double norm, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(training);
        Check(state, summedGradient.Length);
        if (double.IsFinite(norm))
        {
            var update = Coefficients(state, norm, training);
            var tensors = state.Tensors.Select(t => t.Floats()).ToArray();
            foreach (var slice in state.Layout.Parameters)
            {
                int offset = checked((int)slice.Offset), length = checked((int)slice.Length);
                HostBlocks.Run(summedGradient.Slice(offset, length), (_, from, gradient) => update.OnHost(slice, tensors, offset + from, gradient));
            }
        }

        state.Version++;
    }

    /// <summary>What a micro-batch's sample of a running statistic is multiplied by before all are summed: m (1 - m)^(M - 1 - i).</summary>
    public static float StatisticWeight(int microBatch, int microBatches) =>
        (float)(LayerPass.StatisticMomentum * Math.Pow(1 - LayerPass.StatisticMomentum, microBatches - 1 - microBatch));

    private static LayerUpdate Coefficients(LayerState state, double norm, TrainingSpec training)
    {
        double scale = (norm > training.ClipNorm ? training.ClipNorm / norm : 1) / training.MicroBatches;
        double rate = LearningRates.At(training, state.Version);
        return training.Optimizer == "adamw" ? new AdamWUpdate(training, scale, rate, state.Version + 1) : new SgdUpdate(training, scale, rate);
    }

    private static void Check(LayerState state, long length)
    {
        if (length != state.Layout.Length)
            throw new ArgumentException($"The gradient has {length} elements, layer {state.Layer} has {state.Layout.Length}.", nameof(length));
    }
}
