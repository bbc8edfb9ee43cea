using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Profiling;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Profiling;

[Collection(AloneCollection.Name)]
public sealed class ModelDescriberTests
{
    private static readonly JobSpec Estimated = TestJobs.Small with { Planning = new PlanningSpec { LayerTimes = "estimated" } };

    [Fact]
    public void An_outline_says_what_each_layer_holds_and_costs()
    {
        var outline = ModelDescriber.Describe(Estimated);
        Assert.Equal("GPT, 4 blocks x 32, 2 heads, sequence 32, vocabulary 256", outline.Description);
        Assert.Equal(["embedding", "blocks.0", "blocks.1", "blocks.2", "blocks.3", "head"], outline.Layers.Select(l => l.Name));
        const int Block = (12 * 32 * 32) + (13 * 32);
        Assert.Equal([(256 + 32) * 32, Block, Block, Block, Block, (2 + 256) * 32], outline.Layers.Select(l => l.Length));

        // The head's matrix is the embedding's.
        Assert.Equal(((256 + 32) * 32) + (4 * Block) + (2 * 32), outline.Parameters);
        Assert.Equal(12, outline.StateBytesPerParameter);
        Assert.Equal([4 * 32 * 32, 4 * 32 * 32, 4 * 32 * 32, 4 * 32 * 32, 4 * 32 * 32, 0], outline.Layers.Select(l => l.OutputBytes));
        Assert.All(outline.Layers, l => Assert.Null(l.ForwardSeconds));
        Assert.Equal(8, ModelDescriber.Describe(Estimated with { Training = Estimated.Training with { Optimizer = "sgd" } }).StateBytesPerParameter);
    }

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void Layers_are_timed_where_the_job_asks_for_it(string precision)
    {
        var spec = TestJobs.Small with { Training = TestJobs.Small.Training with { Precision = precision } };
        var outline = ModelDescriber.Describe(spec);
        Assert.All(outline.Layers, l => Assert.InRange(l.ForwardSeconds!.Value, 1e-9, 1));
        Assert.All(outline.Layers, l => Assert.InRange(l.BackwardSeconds!.Value, 1e-9, 1));

        // Blocks are alike and are measured once.
        Assert.Single(outline.Layers[1..5].Select(l => (l.ForwardSeconds, l.BackwardSeconds)).Distinct());
    }

    [Fact]
    public async Task A_worker_describes_and_leaves_no_tensor_behind()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small);
        var worker = cluster.Add("w");
        _ = await worker.Describe(TestJobs.Small);
        long before = Tensor.TotalCount;
        var outlines = await Task.WhenAll(worker.Describe(TestJobs.Small), worker.Describe(TestJobs.Small));
        Assert.Equal(outlines[0].Layers.Select(l => l.Length), outlines[1].Layers.Select(l => l.Length));
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void A_spec_that_cannot_be_trained_is_refused_with_the_reason()
    {
        var noFamily = Estimated with { Model = Estimated.Model with { Family = "lstm" } };
        Assert.Contains("lstm", Assert.Throws<ArgumentException>(() => ModelDescriber.Describe(noFamily)).Message, StringComparison.Ordinal);
        var noData = Estimated with { Data = new DataSpec { Paths = ["/there/is/no/such/file"] } };
        Assert.Contains("/there/is/no/such/file", Assert.Throws<InvalidDataException>(() => ModelDescriber.Describe(noData)).Message, StringComparison.Ordinal);
        var tooLong = Estimated with { Model = Estimated.Model with { SequenceLength = 65536, Blocks = 1 } };
        var refusal = Record.Exception(() => ModelDescriber.Describe(tooLong with { Data = new DataSpec { Paths = [Short()] } }));
        Assert.True(refusal is ArgumentException or InvalidDataException, $"{refusal}");
    }

    [Fact]
    public void A_layer_that_cannot_be_run_is_named()
    {
        var spec = TestJobs.Small;
        using var batch = Batch(spec);
        var refusal = Assert.Throws<ArgumentException>(() => LayerTimer.Measure(new BrokenGpt(spec.Model), spec.Training, batch, new LayerTimingLimits()));
        Assert.StartsWith("Layer 2 (blocks.1) of the model (GPT,", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("the second block is broken", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_needs_too_much_memory_or_time_is_left_unmeasured()
    {
        var spec = TestJobs.Small;
        using var batch = Batch(spec);
        Assert.All(LayerTimer.Measure(new Gpt(spec.Model), spec.Training, batch, new LayerTimingLimits { MemoryBytes = 1000 }), t => Assert.Null(t));
        var hasty = LayerTimer.Measure(new Gpt(spec.Model), spec.Training, batch, new LayerTimingLimits { Budget = TimeSpan.Zero });
        Assert.Equal(5, hasty.Count(t => t is null));
        Assert.NotNull(hasty[0]); // the embedding, the cheapest kind
    }

    [Fact]
    public void The_update_is_timed_with_the_optimizer_of_the_job()
    {
        var spec = TestJobs.Small;
        using var batch = Batch(spec);
        Assert.All(LayerTimer.Measure(new Gpt(spec.Model), spec.Training, batch, new LayerTimingLimits { Update = true }), t => Assert.InRange(t!.Value.UpdateSeconds!.Value, 1e-9, 1));
    }

    private static string Short() => TemporaryFolder.UntilTheEnd(new TemporaryFolder()).File("text.txt", "not enough for one sample");

    private static MicroBatch Batch(JobSpec spec)
    {
        using var source = BatchSources.Open(spec);
        return source.MicroBatch(0, 0);
    }

    private sealed class BrokenGpt(ModelSpec spec) : IStagedModel
    {
        private readonly Gpt _gpt = new(spec);

        public ModelSpec Spec => _gpt.Spec;

        public string Description => _gpt.Description;

        public int LayerCount => _gpt.LayerCount;

        public LayerLayout Layout(int layer) => _gpt.Layout(layer);

        public long[] OutputShape(int layer) => _gpt.OutputShape(layer);

        // Not like the other blocks, or it would not be run itself.
        public double ForwardFlops(int layer) => _gpt.ForwardFlops(layer) + (layer == 2 ? 1 : 0);

        public long ActivationBytes(int layer) => _gpt.ActivationBytes(layer);

        public Tensor Forward(int layer, LayerPass pass, Tensor input) =>
            layer == 2 ? throw new InvalidOperationException("the second block is broken") : _gpt.Forward(layer, pass, input);

        public Tensor Loss(Tensor output, Tensor targets) => _gpt.Loss(output, targets);
    }
}
