namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// A node of the fixed binary tree in which the gradients of a global batch are summed. Node (level, index) covers the micro-batches
/// [index * 2^level, min((index + 1) * 2^level, M)); its sum is its left child's plus its right child's, in that order, and where the
/// right child covers nothing it <em>is</em> its left child. The tree depends on M alone, never on the plan, which is what makes
/// the sum of a step bit-identical however the micro-batches are dealt to pipelines.
/// </summary>
/// <param name="Level">0 for a single micro-batch.</param>
/// <param name="Index">Position among the nodes of the level.</param>
public readonly record struct TreeNode(int Level, int Index)
{
    /// <summary>First micro-batch covered.</summary>
    public int From => Index << Level;

    /// <summary>The half that is added to.</summary>
    public TreeNode Left => new(Level - 1, 2 * Index);

    /// <summary>The half that is added; it may cover nothing, see <see cref="Exists"/>.</summary>
    public TreeNode Right => new(Level - 1, 2 * Index + 1);

    /// <summary>The node that this one is a half of.</summary>
    public TreeNode Parent => new(Level + 1, Index >> 1);

    /// <summary>One past the last micro-batch covered.</summary>
    public int To(int microBatches) => (int)Math.Min((Index + 1L) << Level, microBatches);

    /// <summary>Whether the node covers any of the <paramref name="microBatches"/>.</summary>
    public bool Exists(int microBatches) => ((long)Index << Level) < microBatches;

    /// <summary>The node that covers all M micro-batches.</summary>
    public static TreeNode Root(int microBatches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatches, 1);
        return new(32 - int.LeadingZeroCount(microBatches - 1), 0);
    }

    /// <summary>
    /// The largest nodes inside the block [from, to) that together cover it, in order: what a pipeline can sum by itself. One node when the
    /// block is the whole batch or D divides M evenly in powers of two, a few otherwise, none for an empty block.
    /// </summary>
    /// <param name="from">First micro-batch of the block.</param>
    /// <param name="to">One past the last micro-batch of the block.</param>
    /// <param name="microBatches">M.</param>
    public static IReadOnlyList<TreeNode> Maximal(int from, int to, int microBatches)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(to, microBatches);
        var nodes = new List<TreeNode>();
        var root = from < to ? Root(microBatches) : default;
        for (int at = from; at < to;)
        {
            var node = new TreeNode(0, at);
            while (node != root && node.Parent.From == at && node.Parent.To(microBatches) <= to) node = node.Parent;
            nodes.Add(node);
            at = node.To(microBatches);
        }

        return nodes;
    }
}
