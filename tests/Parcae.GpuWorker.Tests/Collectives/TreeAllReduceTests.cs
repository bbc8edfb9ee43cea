using Parcae.GpuWorker.Collectives;
using Xunit;

namespace Parcae.GpuWorker.Tests.Collectives;

public sealed class TreeAllReduceTests
{
    public static TheoryData<int> Replicas => [1, 2, 3, 4];

    [Theory]
    [MemberData(nameof(Replicas))]
    public async Task Every_replica_gets_the_sum_that_one_process_would_make_for_every_batch_and_several_buckets(int replicas)
    {
        int[] lengths = [1, 1023, 5001, 70_003];
        await using var group = new ReplicaGroup(replicas);
        for (int m = 1; m <= 9; m++)
        {
            int microBatches = m;
            var buckets = lengths.Select((length, i) => new TreeExample(microBatches, length, 100 * microBatches + i)).ToArray();
            // Chunks of 1,024 elements, so that the longer vectors go in several.
            await group.Each(self =>
            {
                using var allReduce = new TreeAllReduce(group.Meshes[self], group.Ids, self, microBatches, chunkElements: 1024);
                for (int step = 0; step < 2; step++)
                {
                    for (int bucket = 0; bucket < lengths.Length; bucket++)
                    {
                        var sum = new float[lengths[bucket]];
                        allReduce.Run(2 * microBatches + step, bucket, [.. buckets[bucket].Own(replicas, self).Select(p => p.AsMemory())], sum);
                        Assert.Equal(buckets[bucket].Total, sum);
                    }
                }
            });
        }
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(2, 7)]
    [InlineData(5, 12)]
    public async Task Large_chunks_and_two_replicas_without_the_shortcut_give_the_same(int replicas, int microBatches)
    {
        const int length = 200_003;
        var example = new TreeExample(microBatches, length, 7);
        await using var group = new ReplicaGroup(replicas);
        await group.Each(self =>
        {
            using var allReduce = new TreeAllReduce(group.Meshes[self], group.Ids, self, microBatches, exchangePairs: false);
            var sum = new float[length];
            allReduce.Run(0, 3, [.. example.Own(replicas, self).Select(p => p.AsMemory())], sum);
            Assert.Equal(example.Total, sum);
        });
    }
}
