using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Collectives;

public sealed class TreeAllReduceTests
{
    [Theory]
    [InlineData(1, 8, 100)]
    [InlineData(2, 8, 1001)]
    [InlineData(2, 7, 3)]
    [InlineData(3, 8, 100_003)]
    [InlineData(4, 5, 64)]
    [InlineData(5, 12, 7)]
    public async Task Every_replica_gets_the_sum_that_one_process_would_make(int replicas, int microBatches, int length)
    {
        var random = new Random(replicas * 100 + microBatches);
        var gradients = Enumerable.Range(0, microBatches).Select(_ => Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray()).ToArray();
        var expected = Sum(gradients, 0, microBatches, microBatches)[0];
        string[] ids = [.. Enumerable.Range(0, replicas).Select(i => $"i-{i}")];
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        var planes = ids.Select(id => DataPlane.Listen(new DataPlaneOptions(), id, NullLogger.Instance)).ToArray();
        try
        {
            var meshes = planes.Select(p => p.OpenMesh("job", 1, secret)).ToArray();
            var results = await Task.WhenAll(Enumerable.Range(0, replicas).Select(self => Task.Factory.StartNew(
                () =>
                {
                    meshes[self].Connect([.. planes.Where(p => p != planes[self]).Select(p => new MeshPeer(new PeerEndpoint(p.InstanceId, "127.0.0.1", p.Port)))], CancellationToken.None);
                    var allReduce = new TreeAllReduce(meshes[self], ids, self, microBatches);
                    var sums = new List<float[]>();
                    for (int step = 0; step < 3; step++)
                    {
                        var (from, to) = GenerationPlan.Block(microBatches, replicas, self);
                        var sum = new float[length];
                        allReduce.Run(step, 0, [.. Sum(gradients, from, to, microBatches).Select(p => p.AsMemory())], sum);
                        sums.Add(sum);
                    }
                    return sums;
                },
                TaskCreationOptions.LongRunning)));
            Assert.All(results.SelectMany(r => r), sum => Assert.Equal(expected, sum));
        }
        finally
        {
            foreach (var plane in planes) await plane.DisposeAsync();
        }
    }

    /// <summary>The sums of a block's maximal subtrees, by the definition of the tree.</summary>
    private static float[][] Sum(float[][] gradients, int from, int to, int microBatches)
    {
        return [.. TreeNode.Maximal(from, to, microBatches).Select(Of)];

        float[] Of(TreeNode node)
        {
            if (node.Level == 0) return [.. gradients[node.Index]];
            var left = Of(node.Left);
            return node.Right.Exists(microBatches) ? [.. left.Zip(Of(node.Right), (a, b) => a + b)] : left;
        }
    }
}
