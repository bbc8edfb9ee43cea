using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// The reduced gradients of one step for the layers of one stage: the sum over all micro-batches, equal on every replica of the stage. With the norm of the
/// step they are all that a replica needs to commit it.
/// </summary>
/// <param name="Step">The step; layers at this version can apply it.</param>
/// <param name="Layers">The stage's layers.</param>
/// <param name="Flat">float32 <c>[Length]</c>, one for each layer.</param>
internal sealed record ReducedGradients(int Step, LayerRange Layers, Tensor[] Flat) : IDisposable
{
    /// <summary>A copy in tensors of its own.</summary>
    public ReducedGradients Copy() => this with { Flat = [.. Flat.Select(f => f.clone().DetachFromDisposeScope())] };

    /// <summary>Applies the step to the stage's layers.</summary>
    public void Apply(IReadOnlyList<LayerState> layers, StepResult result, TrainingSpec training)
    {
        if (layers.Count != Layers.Count) throw new InvalidOperationException($"Step {Step} needs {Layers.Count} layers from {Layers.First} on at that version; {layers.Count} are held.");
        foreach (var state in layers)
        {
            if (state.Version != Step) throw new InvalidOperationException($"Layer {state.Layer} is at version {state.Version}; step {Step} cannot be applied to it.");
            Optimizer.Apply(state, Flat[state.Layer - Layers.First], result.GradientNorm, training);
        }
    }

    public void Dispose()
    {
        foreach (var flat in Flat) flat.Dispose();
    }
}
