using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Collectives.Nccl;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Tests.Collectives.FakeNccl;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Collectives;

/// <summary>NCCL by its documented interface, on a stand-in that works on host memory.</summary>
public sealed class NcclAllReduceTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_tree_over_nccl_is_bit_equal_to_one_process(int replicas)
    {
        var runtime = FakeNcclLibrary.Load();
        foreach (int microBatches in (int[])[1, 2, 5, 8])
        {
            int[] lengths = [1, 2, 1001, 300_007];
            var buckets = lengths.Select((length, i) => new TreeExample(microBatches, length, i)).ToArray();
            await using var group = new ReplicaGroup(replicas);
            await group.Each(self =>
            {
                using var allReduce = new NcclAllReduce(runtime, group.Meshes[self], group.Ids, self, microBatches, self, deterministic: true);
                for (int bucket = 0; bucket < lengths.Length; bucket++) Assert.Equal(buckets[bucket].Total, Sum(allReduce, buckets[bucket].Own(replicas, self), bucket, lengths[bucket]));
            });
        }
    }

    [Theory]
    [InlineData(2, 8)]
    [InlineData(3, 7)]
    [InlineData(3, 2)]
    public async Task Its_own_all_reduce_is_within_rounding_and_the_same_everywhere(int replicas, int microBatches)
    {
        const int length = 70_001;
        var runtime = FakeNcclLibrary.Load();
        var example = new TreeExample(microBatches, length, 3);
        var sums = new float[replicas][];
        await using var group = new ReplicaGroup(replicas);
        await group.Each(self =>
        {
            using var allReduce = new NcclAllReduce(runtime, group.Meshes[self], group.Ids, self, microBatches, self, deterministic: false);
            sums[self] = Sum(allReduce, example.Own(replicas, self), 0, length);
        });
        Assert.All(sums, sum => Assert.Equal(sums[0], sum));
        for (int i = 0; i < length; i++) Assert.Equal(example.Total[i], sums[0][i], 1e-5f);
    }

    [Fact]
    public async Task A_replica_that_dies_ends_the_step_of_the_others()
    {
        var runtime = FakeNcclLibrary.Load();
        var example = new TreeExample(6, 500_000, 3);
        await using var group = new ReplicaGroup(3);
        var broken = new MeshBrokenException?[3];
        using var first = new Barrier(3);
        await group.Each(self =>
        {
            using var allReduce = new NcclAllReduce(runtime, group.Meshes[self], group.Ids, self, 6, self, deterministic: true);
            Sum(allReduce, example.Own(3, self), 0, 500_000);
            Assert.True(first.SignalAndWait(Patience.Long)); // one that is still waiting for its part would be ended in the first bucket already
            // The last one never comes to the second bucket.
            if (self == 2) group.Meshes[self].Dispose();
            else broken[self] = Assert.ThrowsAny<MeshBrokenException>(() => Sum(allReduce, example.Own(3, self), 1, 500_000));
        });
        Assert.All(broken.Take(2), e => Assert.Contains("i-2", e!.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replica_that_dies_before_it_joins_ends_the_others_too()
    {
        var runtime = FakeNcclLibrary.Load();
        await using var group = new ReplicaGroup(2);
        var joining = Task.Factory.StartNew(() => new NcclAllReduce(runtime, group.Meshes[0], group.Ids, 0, 2, 0, deterministic: true), TaskCreationOptions.LongRunning);
        using (group.Meshes[1].Receive("i-0", new FrameKey(FrameKind.CollectiveId, 0, 0))) group.Meshes[1].Dispose();
        await Assert.ThrowsAnyAsync<MeshBrokenException>(() => joining);
    }

    [Fact]
    public void Errors_are_told_in_nccls_own_words()
    {
        var nccl = NcclLibrary.Load(FakeNcclLibrary.Path);
        Assert.Equal(22703, nccl.Version);
        var refused = Assert.Throws<NcclException>(() => nccl.InitRank(2, nccl.GetUniqueId(), 5));
        Assert.Equal("ncclCommInitRank failed with 4: invalid argument (run with NCCL_DEBUG=WARN for details)", refused.Message);
        Assert.Equal(NcclResult.InvalidArgument, Assert.Throws<NcclException>(() => nccl.InitRank(1, default, 0)).Result);
        Assert.Equal(NcclResult.InvalidUsage, Assert.Throws<NcclException>(nccl.GroupEnd).Result);
    }

    [Fact]
    public void A_missing_library_says_what_to_do()
    {
        var missing = Assert.Throws<DllNotFoundException>(() => NcclLibrary.Load("libnccl-of-nobody.so.2"));
        Assert.Contains("libnccl-of-nobody.so.2", missing.Message, StringComparison.Ordinal);
        Assert.Contains("set collectives to sockets", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("auto", true, true, 1, true, "NcclAllReduce")]
    [InlineData("nccl", true, true, 1, false, "NcclAllReduce")]
    [InlineData("auto", true, false, 1, true, "TreeAllReduce")]
    [InlineData("auto", true, true, 0, true, "TreeAllReduce")]
    [InlineData("auto", false, false, 1, false, "RingAllReduce")]
    [InlineData("sockets", true, true, 1, true, "TreeAllReduce")]
    [InlineData("nccl", true, false, 1, true, "i-1 does not train on CUDA or has no NCCL")]
    [InlineData("nccl", true, true, 0, true, "i-0 and i-1 train on the same GPU")]
    public async Task Replicas_agree_on_what_they_use_before_anyone_waits_for_it(string collectives, bool first, bool second, int secondDevice, bool deterministic, string expected)
    {
        var runtime = FakeNcclLibrary.Load();
        await using var group = new ReplicaGroup(2);
        await group.Each(self =>
        {
            var training = new TrainingSpec { MicroBatches = 2, Collectives = collectives, Deterministic = deterministic };
            string got;
            try
            {
                using var allReduce = AllReduces.Create(training, group.Meshes[self], group.Ids, self, self * secondDevice, (self == 0 ? first : second) ? runtime : null, "none was found");
                got = allReduce.GetType().Name;
            }
            catch (InvalidOperationException e)
            {
                got = e.Message;
            }

            Assert.Contains(expected, got, StringComparison.Ordinal);
        });
    }

    private static float[] Sum(NcclAllReduce allReduce, float[][] own, int bucket, int length)
    {
        using var scope = NewDisposeScope();
        var sum = empty(length);
        allReduce.Run(0, bucket, [.. own.Select(p => tensor(p))], sum);
        return sum.Floats().ToArray();
    }
}
