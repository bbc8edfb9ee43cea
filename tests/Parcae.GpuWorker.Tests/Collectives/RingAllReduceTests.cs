using Parcae.GpuWorker.Collectives;
using Xunit;

namespace Parcae.GpuWorker.Tests.Collectives;

public sealed class RingAllReduceTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_ring_is_within_float_rounding_of_the_tree_and_the_same_on_every_replica(int replicas)
    {
        int[] lengths = [1, 2500, 40_003];
        await using var group = new ReplicaGroup(replicas);
        for (int m = 1; m <= 9; m++)
        {
            int microBatches = m;
            var buckets = lengths.Select((length, i) => new TreeExample(microBatches, length, 10 * microBatches + i)).ToArray();
            var sums = new float[replicas][][];
            await group.Each(self =>
            {
                using var allReduce = new RingAllReduce(group.Meshes[self], group.Ids, self, microBatches, chunkElements: 1024);
                sums[self] = [.. lengths.Select((length, bucket) =>
                {
                    var sum = new float[length];
                    allReduce.Run(microBatches, bucket, [.. buckets[bucket].Own(replicas, self).Select(p => p.AsMemory())], sum);
                    return sum;
                })];
            });
            for (int bucket = 0; bucket < lengths.Length; bucket++)
            {
                Assert.All(sums, s => Assert.Equal(sums[0][bucket], s[bucket]));
                // Every order of M additions of values below 1/2 stays within M roundings of partial sums below M/2.
                float tolerance = microBatches * microBatches * 0.5f * 1.2e-7f;
                for (int i = 0; i < lengths[bucket]; i++) Assert.Equal(buckets[bucket].Total[i], sums[0][bucket][i], tolerance);
            }
        }
    }
}
