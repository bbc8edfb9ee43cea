using System.Numerics.Tensors;
using Parcae.Grains;

namespace Parcae.GpuWorker.Collectives;

/// <summary>One addition of a merge: part <paramref name="Into"/> becomes part <paramref name="Into"/> + part <paramref name="From"/>, elementwise.</summary>
/// <param name="Into">Index of the part that is added to.</param>
/// <param name="From">Index of the part that is added; it is not needed afterwards.</param>
public readonly record struct MergeStep(int Into, int From);

/// <summary>
/// The additions that join the subtrees of all D pipelines to the sum of the whole batch, in tree order. Every replica computes the same
/// merge from (M, D), so no message carries an order. Elementwise: parts may be merged chunk by chunk, in any order of chunks.
/// </summary>
public sealed class TreeMerge
{
    private readonly (int From, int Count)[] _ofPipeline;

    /// <summary>The merge of the blocks that <see cref="GenerationPlan.Block"/> deals to D pipelines.</summary>
    /// <param name="microBatches">M.</param>
    /// <param name="pipelines">D.</param>
    public TreeMerge(int microBatches, int pipelines)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatches, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pipelines, 1);
        MicroBatches = microBatches;
        _ofPipeline = new (int, int)[pipelines];
        var nodes = new List<TreeNode>();
        for (int pipeline = 0; pipeline < pipelines; pipeline++)
        {
            var (from, to) = GenerationPlan.Block(microBatches, pipelines, pipeline);
            var own = TreeNode.Maximal(from, to, microBatches);
            _ofPipeline[pipeline] = (nodes.Count, own.Count);
            nodes.AddRange(own);
        }

        Nodes = nodes;
        Steps = Schedule(nodes, microBatches);
    }

    /// <summary>M.</summary>
    public int MicroBatches { get; }

    /// <summary>The parts to be merged, in order of their micro-batches: those of pipeline 0, then of pipeline 1, ...</summary>
    public IReadOnlyList<TreeNode> Nodes { get; }

    /// <summary>The additions, in an order that can be carried out in place; the sum ends up in part 0.</summary>
    public IReadOnlyList<MergeStep> Steps { get; }

    /// <summary>Which of <see cref="Nodes"/> pipeline <paramref name="pipeline"/> yields: the parts [From, From + Count).</summary>
    public (int From, int Count) PartsOf(int pipeline) => _ofPipeline[pipeline];

    /// <summary>Merges in place; the sum is in part 0 afterwards and the other parts are spoilt.</summary>
    /// <param name="parts">One per node, all of the same length: the same chunk of every part.</param>
    public void SumInPlace(IReadOnlyList<Memory<float>> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count != Nodes.Count) throw new ArgumentException($"{parts.Count} parts were given, the merge has {Nodes.Count}.", nameof(parts));
        foreach (var (into, from) in Steps) Add(parts[into].Span, parts[from].Span);
    }

    /// <summary><paramref name="sum"/> becomes <paramref name="left"/> + <paramref name="right"/>, in that order: IEEE float32 additions, bit-equal to Torch's.</summary>
    public static void Add(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> sum)
    {
        if (left.Length != right.Length || left.Length != sum.Length) throw new ArgumentException($"Parts of {left.Length} and {right.Length} elements cannot be added to a sum of {sum.Length}.", nameof(sum));
        TensorPrimitives.Add(left, right, sum);
    }

    /// <summary><paramref name="sum"/> becomes <paramref name="sum"/> + <paramref name="addend"/>: IEEE float32 additions, bit-equal to Torch's.</summary>
    public static void Add(Span<float> sum, ReadOnlySpan<float> addend)
    {
        if (sum.Length != addend.Length) throw new ArgumentException($"A part of {addend.Length} elements cannot be added to one of {sum.Length}.", nameof(addend));
        TensorPrimitives.Add(sum, addend, sum);
    }

    /// <summary>The additions that make the root of any <paramref name="nodes"/> that cover M micro-batches in order.</summary>
    /// <exception cref="ArgumentException">The nodes do not cover every micro-batch exactly once, in order.</exception>
    public static IReadOnlyList<MergeStep> Schedule(IReadOnlyList<TreeNode> nodes, int microBatches)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        var steps = new List<MergeStep>(nodes.Count);
        int next = 0;
        Visit(TreeNode.Root(microBatches));
        if (next != nodes.Count) throw NotACover();
        return steps;

        // Returns the part that holds the node's sum: its leftmost one.
        int Visit(TreeNode node)
        {
            if (next == nodes.Count || nodes[next].From != node.From) throw NotACover();
            if (nodes[next].To(microBatches) == node.To(microBatches)) return next++;
            if (node.Level == 0) throw NotACover();
            int left = Visit(node.Left);
            if (node.Right.Exists(microBatches)) steps.Add(new MergeStep(left, Visit(node.Right)));
            return left;
        }

        ArgumentException NotACover() => new(
            $"The nodes {string.Join(", ", nodes.Select(n => $"({n.Level}, {n.Index})"))} do not cover the micro-batches 0..{microBatches - 1} once and in order.",
            nameof(nodes));
    }
}
