using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Collectives;

/// <summary>What holds of every all-reduce over sockets.</summary>
public sealed class SocketAllReduceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Buckets_are_reduced_in_the_background_while_others_use_the_mesh(bool deterministic)
    {
        const int replicas = 3, microBatches = 5, buckets = 12, length = 30_000;
        var examples = Enumerable.Range(0, buckets).Select(i => new TreeExample(microBatches, length, i)).ToArray();
        await using var group = new ReplicaGroup(replicas);
        await group.Each(self =>
        {
            var training = new TrainingSpec { MicroBatches = microBatches, Deterministic = deterministic };
            using var allReduce = AllReduces.Create(training, group.Meshes[self], group.Ids, self, CPU);
            var background = Task.Factory.StartNew(
                () =>
                {
                    for (int bucket = 0; bucket < buckets; bucket++)
                    {
                        using var scope = NewDisposeScope();
                        var sum = empty(length);
                        allReduce.Run(4, bucket, [.. examples[bucket].Own(replicas, self).Select(p => tensor(p))], sum);
                        var values = sum.Floats().ToArray();
                        if (deterministic) Assert.Equal(examples[bucket].Total, values);
                        else for (int i = 0; i < length; i++) Assert.Equal(examples[bucket].Total[i], values[i], 1e-5f);
                    }
                },
                TaskCreationOptions.LongRunning);
            string next = group.Ids[(self + 1) % replicas], previous = group.Ids[(self + replicas - 1) % replicas];
            for (int microBatch = 0; microBatch < 50; microBatch++)
            {
                group.Meshes[self].Send(next, new FrameKey(FrameKind.Activation, 4, microBatch), new byte[1000]);
                using var frame = group.Meshes[self].Receive(previous, new FrameKey(FrameKind.Activation, 4, microBatch));
                Assert.Equal(1000, frame.Length);
            }
            background.GetAwaiter().GetResult();
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_replica_that_ends_in_the_middle_ends_everybodys_wait(bool deterministic)
    {
        const int length = 3_000_000;
        var example = new TreeExample(3, length, 1);
        await using var group = new ReplicaGroup(3);
        var broken = new Exception?[3];
        await group.Each(self =>
        {
            SocketAllReduce allReduce = deterministic ? new TreeAllReduce(group.Meshes[self], group.Ids, self, 3) : new RingAllReduce(group.Meshes[self], group.Ids, self, 3);
            using (allReduce)
            {
                // The last one sends a chunk of its part, so that the others are at work, and goes.
                if (self == 2)
                {
                    group.Meshes[2].Send("i-0", new FrameKey(FrameKind.ReduceChunk, 0, 0, deterministic ? 2 : 1), System.Runtime.InteropServices.MemoryMarshal.AsBytes(example.Own(3, 2)[0].AsSpan(0, SocketAllReduce.DefaultChunkElements)));
                    group.Meshes[2].Dispose();
                    return;
                }

                // In memory that is gone right afterwards: nothing may be touched any more.
                using var scope = NewDisposeScope();
                broken[self] = Record.Exception(() => allReduce.Run(0, 0, [.. example.Own(3, self).Select(p => tensor(p))], empty(length)));
                // As a generation does: whoever waits for what this one would have passed on hears of it.
                group.Meshes[self].Dispose();
            }
        });
        Assert.All(broken.Take(2), e => Assert.IsAssignableFrom<MeshBrokenException>(e));
    }

    [Fact]
    public async Task A_frame_of_another_length_ends_the_connection_and_the_wait()
    {
        await using var group = new ReplicaGroup(2);
        using var allReduce = new TreeAllReduce(group.Meshes[0], group.Ids, 0, 2);
        group.Meshes[1].Send("i-0", new FrameKey(FrameKind.ReduceChunk, 0, 0), new byte[12]);
        var failure = Record.Exception(() => allReduce.Run(0, 0, [new float[100].AsMemory()], new float[100]));
        Assert.True(failure is InvalidDataException or PeerLostException, failure?.ToString());
        Assert.Contains("12 bytes where 400 were due", failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_allocates_next_to_nothing()
    {
        const int steps = 20, length = 400_000;
        var example = new TreeExample(4, length, 1);
        await using var group = new ReplicaGroup(2);
        var allocated = new long[2];
        await group.Each(self =>
        {
            using var allReduce = new TreeAllReduce(group.Meshes[self], group.Ids, self, 4);
            IReadOnlyList<Memory<float>> own = [.. example.Own(2, self).Select(p => p.AsMemory())];
            Memory<float> sum = new float[length];
            for (int step = 0; step < steps; step++) allReduce.Run(step, 0, own, sum);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < steps; step++) allReduce.Run(steps + step, 0, own, sum);
            allocated[self] = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        // 1.6 MB are summed in each of 20 steps. A buffer that was not yet in the pool may be among it.
        Assert.All(allocated, bytes => Assert.InRange(bytes, 0, 1_000 * steps));
    }
}
