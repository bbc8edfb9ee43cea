using Parcae.GpuWorker.Models;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>Sums the gradients of a block of micro-batches, a tree for each layer of a stage, so that a layer is ready for the all-reduce before the ones below it.</summary>
public sealed class TreeSink : IGradientSink, IDisposable
{
    private readonly Dictionary<int, GradientTree> _trees;
    private readonly Action<int>? _complete;

    /// <summary>Makes ready to sum.</summary>
    /// <param name="layers">The stage's layers.</param>
    /// <param name="block">The micro-batches [From, To).</param>
    /// <param name="microBatches">M.</param>
    /// <param name="device">Where the gradients are; null: the CPU.</param>
    /// <param name="complete">Called when every micro-batch of the block has come in for a layer.</param>
    public TreeSink(IEnumerable<LayerLayout> layers, (int From, int To) block, int microBatches, Device? device = null, Action<int>? complete = null)
    {
        (From, To) = block;
        _trees = layers.ToDictionary(l => l.Layer, l => new GradientTree(From, To, microBatches, l.Length, device));
        _complete = complete;
    }

    /// <summary>First micro-batch of the block.</summary>
    public int From { get; }

    /// <summary>One past the last micro-batch of the block.</summary>
    public int To { get; }

    /// <summary>The tree of a layer.</summary>
    public GradientTree Tree(int layer) => _trees[layer];

    /// <inheritdoc/>
    public Tensor Rent(int layer) => _trees[layer].Rent();

    /// <inheritdoc/>
    public void Done(int layer, int microBatch, Tensor gradient)
    {
        var tree = _trees[layer];
        tree.Add(microBatch, gradient);
        if (_complete is not null && tree.IsComplete) _complete(layer);
    }

    /// <summary>Forgets everything that came in, for the next step.</summary>
    public void Clear()
    {
        foreach (var tree in _trees.Values) tree.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tree in _trees.Values) tree.Dispose();
    }
}
