using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// Sums the gradients of a pipeline's block of micro-batches as far as the fixed tree allows by itself (see <see cref="TreeNode"/>), as they come
/// in. Buffers are lent out and reused: after the first step nothing is allocated.
/// </summary>
public sealed class GradientTree : IDisposable
{
    private readonly int _microBatches;
    private readonly long _length;
    private readonly Device? _device;
    private readonly TreeNode[] _maximal;
    private readonly Dictionary<TreeNode, (Tensor Flat, Memory<float> Memory)> _sums = [];
    private readonly Dictionary<Tensor, Memory<float>> _lent = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<(Tensor Flat, Memory<float> Memory)> _free = [];

    /// <summary>Makes ready to sum the block [from, to) of a batch of M micro-batches.</summary>
    /// <param name="from">First micro-batch of the block.</param>
    /// <param name="to">One past the last one.</param>
    /// <param name="microBatches">M.</param>
    /// <param name="length">Elements of a flat gradient; 0 for a layer without parameters.</param>
    /// <param name="device">Where the gradients are; null: the CPU.</param>
    public GradientTree(int from, int to, int microBatches, long length, Device? device = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _maximal = [.. TreeNode.Maximal(from, to, microBatches)];
        (From, To, _microBatches, _length, _device) = (from, to, microBatches, length, device);
    }

    /// <summary>First micro-batch of the block.</summary>
    public int From { get; }

    /// <summary>One past the last micro-batch of the block.</summary>
    public int To { get; }

    /// <summary>Whether every micro-batch of the block has come in.</summary>
    public bool IsComplete => _maximal.All(_sums.ContainsKey);

    /// <summary>Buffers in existence, lent and free.</summary>
    public int BufferCount => _sums.Count + _lent.Count + _free.Count;

    /// <summary>
    /// The block's sums, in order: what the all-reduce starts from. The tensors stay this object's until <see cref="Clear"/>; the all-reduce may
    /// work in them.
    /// </summary>
    /// <exception cref="InvalidOperationException">Micro-batches are missing.</exception>
    public IReadOnlyList<(TreeNode Node, Tensor Flat)> Nodes => IsComplete
        ? [.. _maximal.Select(n => (n, _sums[n].Flat))]
        : throw new InvalidOperationException($"Not all of the micro-batches {From}..{To - 1} have come in.");

    /// <summary>A buffer for the next micro-batch's gradient, float32 <c>[length]</c> with any content; give it back with <see cref="Add"/>.</summary>
    public Tensor Rent()
    {
        if (!_free.TryPop(out var buffer))
        {
            var flat = empty(_length, device: _device).DetachFromDisposeScope();
            buffer = (flat, flat.device_type == DeviceType.CPU ? flat.Floats() : default);
        }

        _lent.Add(buffer.Flat, buffer.Memory);
        return buffer.Flat;
    }

    /// <summary>Takes in a micro-batch's gradient and adds up what can be added up. Any order of micro-batches gives the same bits.</summary>
    /// <param name="microBatch">Index in the global batch.</param>
    /// <param name="flat">A buffer from <see cref="Rent"/>.</param>
    public void Add(int microBatch, Tensor flat)
    {
        if (microBatch < From || microBatch >= To)
            throw new ArgumentOutOfRangeException(nameof(microBatch), $"Micro-batch {microBatch} is not one of {From}..{To - 1}.");
        if (!_lent.Remove(flat, out var memory)) throw new ArgumentException("The buffer was not lent by this tree, or has been given back.", nameof(flat));
        var (node, sum) = (new TreeNode(0, microBatch), (Flat: flat, Memory: memory));
        while (!_maximal.Contains(node))
        {
            bool isLeft = node == node.Parent.Left;
            var sibling = isLeft ? node.Parent.Right : node.Parent.Left;
            if (sibling.Exists(_microBatches))
            {
                if (!_sums.Remove(sibling, out var other)) break;
                var (left, right) = isLeft ? (sum, other) : (other, sum);
                if (left.Flat.device_type == DeviceType.CPU) TreeMerge.Add(left.Memory.Span, right.Memory.Span);
                else left.Flat.PlusInPlace(right.Flat).DetachFromDisposeScope();
                _free.Push(right);
                sum = left;
            }

            node = node.Parent;
        }

        if (!_sums.TryAdd(node, sum)) throw new InvalidOperationException($"Micro-batch {microBatch} has come in before.");
    }

    /// <summary>Forgets everything that came in, for the next step; also when a step is abandoned. Lent buffers are taken back.</summary>
    public void Clear()
    {
        foreach (var sum in _sums.Values) _free.Push(sum);
        foreach (var (flat, memory) in _lent) _free.Push((flat, memory));
        _sums.Clear();
        _lent.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clear();
        while (_free.TryPop(out var buffer)) buffer.Flat.Dispose();
    }
}
