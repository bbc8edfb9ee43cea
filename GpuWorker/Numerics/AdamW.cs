using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// AdamW (Loshchilov and Hutter, 2019) in place on flat tensors: linear warm-up to a constant learning rate, clipping by the global norm, decoupled decay of
/// matrices only. Every operation is elementwise, so the result does not depend on how layers are dealt to stages.
/// </summary>
public static class AdamW
{
    /// <summary>Applies one step to a layer and raises its version.</summary>
    /// <param name="state">The layer.</param>
    /// <param name="summed">Sum over the micro-batches of the layer's gradients, float32 <c>[LayerParameters]</c>.</param>
    /// <param name="norm">Global norm of the mean gradient, before clipping.</param>
    /// <param name="training">Hyperparameters.</param>
    public static void Apply(LayerState state, Tensor summed, double norm, TrainingSpec training)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(training);
        using var scope = NewDisposeScope();
        using var disabled = no_grad();
        int step = state.Version + 1;
        double clip = norm > training.ClipNorm ? training.ClipNorm / norm : 1.0;
        double rate = training.LearningRate * Math.Min(1.0, step / (double)Math.Max(1, training.WarmupSteps));
        double correction1 = 1 - Math.Pow(training.Beta1, step), correction2 = 1 - Math.Pow(training.Beta2, step);

        var gradient = summed * (float)(clip / training.MicroBatches);
        state.FirstMoment.mul_((float)training.Beta1).add_(gradient, alpha: (float)(1 - training.Beta1));
        state.SecondMoment.mul_((float)training.Beta2).addcmul_(gradient, gradient, value: (float)(1 - training.Beta2));
        foreach (var p in state.Layout.Parameters.Where(p => p.Decays && training.WeightDecay > 0))
            state.Parameters.narrow(0, p.Offset, p.Length).mul_((float)(1 - rate * training.WeightDecay));
        var denominator = state.SecondMoment.sqrt().div_((float)Math.Sqrt(correction2)).add_((float)training.Epsilon);
        state.Parameters.addcdiv_(state.FirstMoment, denominator, value: (float)(-rate / correction1));
        state.Version = step;
    }
}
