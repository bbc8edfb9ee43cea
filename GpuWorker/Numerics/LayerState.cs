using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// All that training knows about a layer: parameters and AdamW's two moments, each one flat float32 tensor <c>[LayerParameters]</c>, and the
/// version, the number of steps applied. This is what moves between workers, follows in shadows and goes to checkpoints.
/// </summary>
public sealed class LayerState : IDisposable
{
    private LayerState(LayerLayout layout, int version, Func<Tensor> make)
    {
        TorchNative.EnsureLoaded(); // where Torch cannot be loaded, this says why
        (Layout, Version) = (layout, version);
        // They outlive any step, so they belong to no DisposeScope of the caller's.
        Parameters = make().DetachFromDisposeScope();
        FirstMoment = make().DetachFromDisposeScope();
        SecondMoment = make().DetachFromDisposeScope();
    }

    /// <summary>Where each parameter lies in the flat tensors.</summary>
    public LayerLayout Layout { get; }

    /// <summary>The layer.</summary>
    public int Layer => Layout.Layer;

    /// <summary>Steps applied.</summary>
    public int Version { get; set; }

    /// <summary>The parameters, float32 <c>[LayerParameters]</c>.</summary>
    public Tensor Parameters { get; }

    /// <summary>AdamW's running mean of the gradient, float32 <c>[LayerParameters]</c>.</summary>
    public Tensor FirstMoment { get; }

    /// <summary>AdamW's running mean of the squared gradient, float32 <c>[LayerParameters]</c>.</summary>
    public Tensor SecondMoment { get; }

    /// <summary>The three tensors in the order in which they are sent and stored: parameters, first moment, second moment.</summary>
    public IReadOnlyList<Tensor> Tensors => [Parameters, FirstMoment, SecondMoment];

    /// <summary>Bytes of the three tensors together.</summary>
    public long ByteCount => 3 * sizeof(float) * Layout.Length;

    /// <summary>A layer at version 0: the same bytes wherever it is made, a function of (seed, layer) alone.</summary>
    public static LayerState Initialize(IStagedModel model, int layer, int seed)
    {
        ArgumentNullException.ThrowIfNull(model);
        var layout = model.Layout(layer);
        var state = new LayerState(layout, 0, () => zeros(layout.Length));
        using var scope = NewDisposeScope();
        using var generator = new Generator(Mixing.Seed(seed, layer), CPU);
        foreach (var p in layout.Parameters)
        {
            var slice = state.Parameters.narrow(0, p.Offset, p.Length);
            if (p.Initial.Deviation > 0) slice.normal_(p.Initial.Mean, p.Initial.Deviation, generator);
            else slice.fill_(p.Initial.Mean);
        }

        return state;
    }

    /// <summary>A layer whose tensors are still to be filled, from a peer or a file.</summary>
    public static LayerState Allocate(IStagedModel model, int layer, int version)
    {
        ArgumentNullException.ThrowIfNull(model);
        var layout = model.Layout(layer);
        return new LayerState(layout, version, () => empty(layout.Length));
    }

    /// <summary>A copy of its own: a snapshot that the next step does not change.</summary>
    public LayerState Clone()
    {
        var copy = new LayerState(Layout, Version, () => empty(Layout.Length));
        foreach (var (from, to) in Tensors.Zip(copy.Tensors)) from.Bytes().CopyTo(to.Bytes());
        return copy;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Parameters.Dispose();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }
}
