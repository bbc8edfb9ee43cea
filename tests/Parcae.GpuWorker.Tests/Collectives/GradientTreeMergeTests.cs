using CsCheck;
using Parcae.GpuWorker.Collectives;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Collectives;

public sealed class GradientTreeMergeTests
{
    private static readonly Gen<(int M, int D)> Dealings = Gen.Select(Gen.Int[1, 70], Gen.Int[1, 12]);

    [Fact]
    public void A_block_yields_the_fewest_nodes_that_cover_it_in_order()
    {
        Assert.Equal([new TreeNode(3, 0)], TreeNode.Maximal(0, 8, 8));
        Assert.Equal([new TreeNode(2, 1)], TreeNode.Maximal(4, 8, 8));
        Assert.Equal([new TreeNode(0, 3), new TreeNode(1, 2)], TreeNode.Maximal(3, 6, 8));
        Assert.Equal([new TreeNode(2, 1)], TreeNode.Maximal(4, 5, 5)); // its right halves cover nothing
        Assert.Empty(TreeNode.Maximal(2, 2, 8));
        Assert.Equal(new TreeNode(0, 0), TreeNode.Root(1));
    }

    [Fact]
    public void Nodes_of_a_dealing_cover_every_micro_batch_once_and_none_could_be_larger() => Dealings.Sample((m, d) =>
    {
        for (int pipeline = 0; pipeline < d; pipeline++)
        {
            var (from, to) = GenerationPlan.Block(m, d, pipeline);
            int at = from;
            foreach (var node in TreeNode.Maximal(from, to, m))
            {
                Assert.Equal(at, node.From);
                at = node.To(m);
                Assert.True(node == TreeNode.Root(m) || node.Parent.From < from || node.Parent.To(m) > to);
            }

            Assert.Equal(to, at);
        }
    });

    [Fact]
    public void The_sum_has_the_same_bits_however_the_micro_batches_are_dealt() => Gen.Select(Dealings, Gen.Int[0, 1000]).Sample((dealing, seed) =>
    {
        var (m, d) = dealing;
        var random = new Random(seed);
        var leaves = Enumerable.Range(0, m).Select(_ => Enumerable.Range(0, 9).Select(_ => (float)(random.NextDouble() - 0.5) * 1e3f).ToArray()).ToArray();
        float[] Value(TreeNode node)
        {
            if (node.Level == 0) return leaves[node.Index];
            var left = Value(node.Left);
            return node.Right.Exists(m) ? [.. left.Zip(Value(node.Right), (a, b) => a + b)] : left;
        }

        var merge = new TreeMerge(m, d);
        var parts = merge.Nodes.Select(n => new Memory<float>([.. Value(n)])).ToArray();
        merge.SumInPlace(parts);
        Assert.Equal(Value(TreeNode.Root(m)), parts[0].ToArray());
        Assert.Equal(merge.Nodes.Count - 1, merge.Steps.Count);
    });

    [Fact]
    public void Every_pipeline_knows_its_parts()
    {
        var merge = new TreeMerge(8, 3);
        Assert.Equal([(0, 2), (2, 2), (4, 1)], Enumerable.Range(0, 3).Select(merge.PartsOf));
        Assert.Equal((0, 0), new TreeMerge(1, 3).PartsOf(2) with { From = 0 });
    }

    [Fact]
    public void Nodes_with_a_gap_are_refused()
    {
        Assert.Throws<ArgumentException>(() => TreeMerge.Schedule([new(1, 0), new(1, 2), new(1, 3)], 8));
        Assert.Throws<ArgumentException>(() => TreeMerge.Schedule([new(2, 0)], 8));
    }
}
