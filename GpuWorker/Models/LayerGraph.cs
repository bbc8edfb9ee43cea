using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// What a forward pass notes of a layer's graph for the engine's backward pass. The graph may consist of parts: where one ends and the next begins, the engine hands the gradient over, by a
/// function of its own where it has a faster one than autograd. A part begins with the leaves that followed the parts before it, back to the last <see cref="Part.Joint"/>, and with nothing else.
/// </summary>
internal sealed class LayerGraph : IDisposable
{
    private readonly List<Part> _parts = [new()];

    /// <summary>The parts in the order of the forward pass; the last one ends in the layer's output.</summary>
    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>The part that is being computed.</summary>
    public Part Current => _parts[^1];

    /// <summary>The tensors that outlive the forward pass; the graph itself keeps all others that the backward pass needs.</summary>
    private IEnumerable<Tensor> Kept => _parts.SelectMany(p => p.Products.SelectMany(product => new[] { product.Input, product.Output }).Concat([p.End!, p.Next!]))
        .Where(tensor => tensor is not null).Distinct(ReferenceEqualityComparer.Instance).Cast<Tensor>();

    /// <summary>Ends a part and begins the next.</summary>
    /// <param name="end">What the part has computed.</param>
    /// <param name="next">The leaf with which the next part goes on.</param>
    /// <param name="gradient">From the gradient of <paramref name="next"/> to that of <paramref name="end"/>.</param>
    /// <param name="joint">Whether all that is to come hangs on <paramref name="next"/> alone.</param>
    public Tensor Cut(Tensor end, Tensor next, Func<Tensor, Tensor> gradient, bool joint)
    {
        var current = Current;
        (current.End, current.Next, current.Gradient, current.Joint) = (end, next.requires_grad_(), gradient, joint);
        _parts.Add(new Part());
        return next;
    }

    /// <summary>Notes the layer's output, and takes what is needed out of the dispose scope.</summary>
    public void End(Tensor output)
    {
        Current.End = output;
        foreach (var tensor in Kept) tensor.DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in Kept) tensor.Dispose();
    }

    /// <summary>A part of the graph.</summary>
    public sealed class Part
    {
        /// <summary>Products whose weight gradients are computed apart.</summary>
        public List<DeferredProduct> Products { get; } = [];

        /// <summary>Trained parameters that autograd has to give gradients of.</summary>
        public SortedSet<int> Direct { get; } = [];

        /// <summary>What the part has computed; null while it has not.</summary>
        public Tensor? End { get; set; }

        /// <summary>The leaf that follows it; null after the last part.</summary>
        public Tensor? Next { get; set; }

        /// <summary>From the gradient of <see cref="Next"/> to that of <see cref="End"/>.</summary>
        public Func<Tensor, Tensor>? Gradient { get; set; }

        /// <summary>Whether all later parts hang on <see cref="Next"/> alone.</summary>
        public bool Joint { get; set; }
    }
}

/// <summary>A product whose weight gradient is still to be computed: from its input, and the gradient of its output.</summary>
/// <param name="Weight">Position of the weight.</param>
/// <param name="Input"><c>[..., in]</c>.</param>
/// <param name="Output"><c>[..., out]</c>.</param>
internal readonly record struct DeferredProduct(int Weight, Tensor Input, Tensor Output);
