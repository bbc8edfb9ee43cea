using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// All that training knows about a layer: parameters and the optimizer's state, each one flat float32 tensor <c>[Length]</c>, and the
/// version, the number of steps applied. This is what moves between workers, follows in shadows and goes to checkpoints.
/// </summary>
public sealed class LayerState : IDisposable
{
    private LayerState(LayerLayout layout, int version, int slots, Func<Tensor> make)
    {
        TorchNative.EnsureLoaded(); // where Torch cannot be loaded, this says why
        (Layout, Version) = (layout, version);
        // They outlive any step, so they belong to no DisposeScope of the caller's.
        Tensors = [.. Enumerable.Range(0, 1 + slots).Select(_ => make().DetachFromDisposeScope())];
    }

    /// <summary>Where each parameter lies in the flat tensors.</summary>
    public LayerLayout Layout { get; }

    /// <summary>The layer.</summary>
    public int Layer => Layout.Layer;

    /// <summary>Steps applied.</summary>
    public int Version { get; set; }

    /// <summary>The tensors in the order in which they are sent and stored: parameters, then the optimizer's.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The parameters (and running statistics), float32 <c>[Length]</c>.</summary>
    public Tensor Parameters => Tensors[0];

    /// <summary>The optimizer's state: AdamW's first and second moment, or sgd's momentum; float32 <c>[Length]</c> each.</summary>
    public IEnumerable<Tensor> Slots => Tensors.Skip(1);

    /// <summary>Bytes of all tensors together.</summary>
    public long ByteCount => Tensors.Count * sizeof(float) * Layout.Length;

    /// <summary>
    /// A layer at version 0: the same bytes wherever it is made, a function of (seed, layer, parameter) alone. A tied parameter begins as its owner. A model with
    /// initial weights begins with those.
    /// </summary>
    /// <exception cref="CheckpointException">The initial weights are damaged, or of another model; the folder is named.</exception>
    public static LayerState Initialize(IStagedModel model, int layer, TrainingSpec training, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        if (model.Spec.InitialWeights is { } folder) return HuggingFaceGpt2.ImportLayer(folder, model, layer, training, device);
        var layout = model.Layout(layer);
        var state = new LayerState(layout, 0, training.OptimizerSlots, () => zeros(layout.Length, device: device));
        using var scope = NewDisposeScope();
        for (int i = 0; i < layout.Parameters.Count; i++)
        {
            var (slice, owner) = (layout.Parameters[i], layout.Parameters[i].Tie ?? new TiedTo(layer, i));
            var initial = model.Layout(owner.Layer).Parameters[owner.Parameter].Initial;
            var view = state.Parameters.narrow(0, slice.Offset, slice.Length);
            if (initial.Deviation == 0)
            {
                view.FillInPlace(initial.Mean);
                continue;
            }

            // Drawn on the CPU whatever the device: the same values everywhere.
            using var generator = new Generator(Mixing.Seed(training.Seed, owner.Layer, owner.Parameter), CPU);
            view.copy_(empty(slice.Length).normal_(initial.Mean, initial.Deviation, generator));
        }

        return state;
    }

    /// <summary>A layer whose tensors are still to be filled, from a peer or a file.</summary>
    public static LayerState Allocate(IStagedModel model, int layer, int version, TrainingSpec training, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Allocate(model.Layout(layer), version, training, device);
    }

    /// <inheritdoc cref="Allocate(IStagedModel, int, int, TrainingSpec, Device?)"/>
    public static LayerState Allocate(LayerLayout layout, int version, TrainingSpec training, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(training);
        return new LayerState(layout, version, training.OptimizerSlots, () => empty(layout.Length, device: device));
    }

    /// <summary>A copy of its own: a snapshot that the next step does not change.</summary>
    public LayerState Clone()
    {
        var copy = new LayerState(Layout, Version, Tensors.Count - 1, () => empty(Layout.Length, device: Parameters.device));
        foreach (var (from, to) in Tensors.Zip(copy.Tensors)) to.copy_(from).DetachFromDisposeScope();
        return copy;
    }

    /// <summary>A layer of the same parameters, without the optimizer's state: to compute with, not to train.</summary>
    internal static LayerState CopyOfParameters(LayerState layer)
    {
        var copy = new LayerState(layer.Layout, layer.Version, 0, () => empty(layer.Layout.Length, device: layer.Parameters.device));
        copy.Parameters.copy_(layer.Parameters).DetachFromDisposeScope();
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in Tensors) tensor.Dispose();
    }
}
