using Parcae.GpuWorker.Collectives;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Collects the gradients of a pipeline's micro-batches in order and merges what makes whole subtrees of the fixed summation tree, like a binary counter:
/// at most log2(M) + 1 buffers are in use, and they are kept from step to step.
/// </summary>
public sealed class GradientTree : IDisposable
{
    private readonly int _microBatches;
    private readonly int _from;
    private readonly int _to;
    private readonly long _length;
    private readonly List<(TreeNode Node, Tensor Flat)> _nodes = [];
    private readonly Stack<Tensor> _free = [];

    /// <summary>Prepares for the micro-batches [from, to).</summary>
    /// <param name="microBatches">M.</param>
    /// <param name="from">First micro-batch of the block.</param>
    /// <param name="to">One past the last micro-batch of the block.</param>
    /// <param name="length">Elements of a gradient.</param>
    public GradientTree(int microBatches, int from, int to, long length) => (_microBatches, _from, _to, _length) = (microBatches, from, to, length);

    /// <summary>The subtrees so far, in order of their micro-batches; when the block is complete, its maximal ones.</summary>
    public IReadOnlyList<(TreeNode Node, Tensor Flat)> Nodes => _nodes;

    /// <summary>Begins a step.</summary>
    public void Reset()
    {
        foreach (var (_, flat) in _nodes) _free.Push(flat);
        _nodes.Clear();
    }

    /// <summary>Adds the gradient of the next micro-batch; its values are copied.</summary>
    /// <exception cref="ArgumentException">Not the next micro-batch of the block.</exception>
    public void Add(int microBatch, Tensor flat)
    {
        int next = _nodes.Count == 0 ? _from : _nodes[^1].Node.To(_microBatches);
        if (microBatch != next || microBatch >= _to) throw new ArgumentException($"Micro-batch {microBatch} was added where {next} of [{_from}, {_to}) is due.", nameof(microBatch));
        var buffer = _free.Count > 0 ? _free.Pop() : empty(_length).DetachFromDisposeScope();
        buffer.copy_(flat).DetachFromDisposeScope();
        _nodes.Add((new TreeNode(0, microBatch), buffer));
        Merge();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reset();
        while (_free.TryPop(out var buffer)) buffer.Dispose();
    }

    private void Merge()
    {
        while (true)
        {
            var (last, flat) = _nodes[^1];
            if (last == TreeNode.Root(_microBatches)) return;
            if (last.Index % 2 == 1)
            {
                if (_nodes.Count < 2 || _nodes[^2].Node != last.Parent.Left) return;
                // Left + right, in that order.
                TreeMerge.Add(_nodes[^2].Flat.Floats().Span, flat.Floats().Span);
                _free.Push(flat);
                _nodes.RemoveAt(_nodes.Count - 1);
                _nodes[^1] = (last.Parent, _nodes[^1].Flat);
            }
            else
            {
                // A left half whose right half covers nothing is its parent.
                if (last.Parent.Right.Exists(_microBatches)) return;
                _nodes[^1] = (last.Parent, flat);
            }
        }
    }
}
