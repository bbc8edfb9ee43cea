using Parcae.GpuWorker.Collectives.Nccl;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Profiling;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Tests.Collectives;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Gpu;

[Collection(AloneCollection.Name)]
public sealed class GpuPartsTests
{
    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData("auto")]
    [InlineData("cuda")]
    [InlineData("cuda:0")]
    public void A_worker_computes_on_the_gpu_deterministically_and_in_float32(string setting)
    {
        using var scope = NewDisposeScope();
        var device = ComputeDevice.Choose(setting);
        Assert.Equal((DeviceType.CUDA, 0), (device.type, device.index));
        Assert.False(backends.cuda.matmul.allow_tf32);
        Assert.False(backends.cudnn.allow_tf32);

        // Adding up in whatever order threads come would differ from time to time here.
        var rows = randint(0, 3, [200_000], ScalarType.Int64, device: device);
        var values = randn(200_000, 4, device: device);
        var sums = Enumerable.Range(0, 5).Select(_ => zeros(3, 4, device: device).index_add_(0, rows, values, 1).cpu().data<float>().ToArray()).ToArray();
        Assert.All(sums, s => Assert.Equal(sums[0], s));
    }

    [Fact(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    public void Dropout_is_drawn_alike_for_the_same_step_and_differently_for_another()
    {
        using var scope = NewDisposeScope();
        var x = ones(64, 1000, device: ComputeDevice.Choose("cuda"));
        float[] first = Drop(x, 7), second = Drop(x, 8);
        Assert.Equal(first, Drop(x, 7));
        Assert.NotEqual(first, second);
        Assert.NotEqual(first[..32000], first[32000..]);
        Assert.InRange(first.Count(v => v == 0), 15_400, 16_600);
        Assert.Equal([0, 1 / 0.75f], first.Distinct().Order());
    }

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData("adamw", 0.9)]
    [InlineData("sgd", 0.9)]
    [InlineData("sgd", 0)]
    public void An_update_on_the_gpu_has_the_bits_of_one_in_host_memory(string optimizer, double momentum)
    {
        using var scope = NewDisposeScope();
        var training = new TrainingSpec { MicroBatches = 6, GlobalBatch = 6, WarmupSteps = 3, Optimizer = optimizer, Momentum = momentum };
        foreach (var model in new IStagedModel[] { new Gpt(new ModelSpec { Blocks = 1, Hidden = 48, Heads = 2, SequenceLength = 5, Vocabulary = 257 }), new ResNet(new ModelSpec { Family = "resnet", ImageSize = 16, Width = 4, GroupBlocks = [1, 1, 1, 1], Classes = 4 }) })
        {
            using var host = LayerState.Initialize(model, 1, training);
            using var gpu = LayerState.Initialize(model, 1, training, ComputeDevice.Choose("cuda"));
            for (int step = 0; step < 20; step++)
            {
                var sum = randn(host.Layout.Length);
                double norm = step % 2 == 0 ? 0.5 : 2.5;
                Optimizer.Apply(host, sum, norm, training);
                Optimizer.Apply(gpu, sum.cuda(), norm, training);
            }

            Assert.All(host.Tensors, (tensor, i) => Assert.Equal(tensor.Bytes().ToArray(), gpu.Tensors[i].cpu().Bytes().ToArray()));
        }
    }

    [Fact(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    public void Host_memory_for_a_tensor_of_the_gpu_carries_every_bit_both_ways()
    {
        using var scope = NewDisposeScope();
        using var staging = new HostStaging();
        var there = arange(100_003, dtype: ScalarType.Float32, device: ComputeDevice.Choose("cuda"));
        Assert.Equal(Enumerable.Range(0, 100_003).Select(i => (float)i), staging.Read(there).ToArray());
        staging.Open(there).Span.Fill(-0f);
        staging.Write(there);
        Assert.All(there.cpu().Floats().ToArray(), value => Assert.Equal(int.MinValue, BitConverter.SingleToInt32Bits(value)));
    }

    [Theory(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nccl_joins_a_communicator_of_one_rank_and_sums_its_bits(bool deterministic)
    {
        var device = ComputeDevice.Choose("cuda");
        var runtime = NcclRuntime.Find(out string why);
        Assert.True(runtime is not null, why);
        TestContext.Current.TestOutputHelper!.WriteLine($"NCCL {runtime.Nccl.Version}, GPU {runtime.Cuda.Uuid(0)}");
        await using var group = new ReplicaGroup(1);
        using var scope = NewDisposeScope();
        using var allReduce = new NcclAllReduce(runtime, group.Meshes[0], group.Ids, 0, 1, 0, deterministic);
        for (int bucket = 0; bucket < 3; bucket++)
        {
            var (own, sum) = (randn(300_007, device: device), empty(300_007, device: device));
            float[] expected = own.cpu().data<float>().ToArray();
            allReduce.Run(0, bucket, [own], sum);
            Assert.Equal(expected, sum.cpu().data<float>().ToArray());
        }
    }

    [Fact(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    public async Task Replicas_on_one_gpu_are_told_that_nccl_takes_each_gpu_once()
    {
        var spec = TestJobs.Small with { Training = TestJobs.Small.Training with { Collectives = "nccl" } };
        await using var cluster = new WorkerCluster(spec) { Device = "cuda" };
        foreach (string id in new[] { "a", "b" }) cluster.Add(id);
        await cluster.ReconfigureAsync(2, 1, ["a", "b"]);
        var broken = await cluster.BrokenAsync();
        Assert.Contains("a and b train on the same GPU", broken.ToString(), StringComparison.Ordinal);
    }

    [Fact(Skip = Gpu.Missing, SkipUnless = nameof(Gpu.Exists), SkipType = typeof(Gpu))]
    public void Layers_are_measured_where_they_will_be_trained()
    {
        var spec = TestJobs.Small with { Planning = new PlanningSpec { LayerTimes = "measured" } };
        var outline = ModelDescriber.Describe(spec, device: ComputeDevice.Choose("cuda"));
        Assert.All(outline.Layers, l => Assert.InRange(l.ForwardSeconds!.Value, 1e-8, 1));
    }

    private static float[] Drop(Tensor x, int step)
    {
        using var dropout = new Dropout(0.25, 1, step, 0, 0);
        return dropout.Apply(x).cpu().data<float>().ToArray();
    }
}
