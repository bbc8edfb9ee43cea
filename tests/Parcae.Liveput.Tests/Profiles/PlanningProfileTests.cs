using CsCheck;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

public sealed class PlanningProfileTests
{
    private static readonly AcceleratorSpec Ample = new(1L << 40, 1e9, 1e8);

    [Fact]
    public void Transformer_layers_have_the_parameters_of_the_engine()
    {
        var layers = TransformerCosts.Layers(6, 128, 4, 64, 256);
        Assert.Equal(8, layers.Length);
        Assert.Equal((256 + 64) * 128, layers[0].Parameters);
        Assert.All(layers[1..^1], l => Assert.Equal((12 * 128 * 128) + (13 * 128), l.Parameters));
        Assert.Equal((2 * 128) + (128 * 256), layers[^1].Parameters);
        Assert.Equal(0, layers[^1].OutputBytesPerSample);
        Assert.Equal(4 * 64 * 128, layers[3].OutputBytesPerSample);
    }

    [Fact]
    public void Heads_must_divide_the_width() => Assert.Throws<ArgumentOutOfRangeException>(() => TransformerCosts.Layers(1, 10, 3, 8, 256));

    [Fact]
    public void Step_time_is_that_of_1F1B_by_hand()
    {
        // Two equal layers of 100 parameters, 1e6 operations and 1e4 output bytes a sample; batch 8 in 4 micro-batches of 2 samples.
        LayerCost[] layers = [new(100, 1e6, 0, 10_000), new(100, 1e6, 0, 0)];
        var profile = PlanningProfile.FromLayers("two", layers, 8, 4, Ample);
        const double Stage = 2 * ((3 * 1e6 / 1e9) + (1e4 / 1e8));
        Assert.Equal(8 / ((5 * Stage) + (100 * 20 / 1e9)), profile.Throughput(1, 2), 1e-9);
        Assert.Equal(8 / ((3 * Stage) + (2 * 0.5 * 400 / 1e8) + (100 * 20 / 1e9)), profile.Throughput(2, 2), 1e-9);

        // Three pipelines over four micro-batches: the busiest has two, as with two pipelines, and more to reduce.
        Assert.Equal(8 / ((3 * Stage) + (2 * 2.0 / 3 * 400 / 1e8) + (100 * 20 / 1e9)), profile.Throughput(3, 2), 1e-9);
    }

    [Fact]
    public void More_pipelines_than_micro_batches_or_stages_than_layers_are_infeasible()
    {
        var profile = PlanningProfile.FromLayers("four", TransformerCosts.Layers(2, 8, 1, 8, 256), 8, 4, Ample);
        Assert.True(profile.Throughput(4, 4) > 0);
        Assert.Equal(0, profile.Throughput(5, 1));
        Assert.Equal(0, profile.Throughput(1, 5));
        Assert.Equal(0, profile.Throughput(0, 1));
        Assert.Equal(0, profile.Throughput(Strategy.None));
        Assert.Equal((1, 4, 1, 4), (profile.MinDepth, profile.MaxDepth, profile.MinInstances, profile.MaxPipelines));
    }

    [Fact]
    public void Memory_counts_state_and_micro_batches_in_flight()
    {
        LayerCost[] layers = [new(100, 1, 50, 1), new(100, 1, 50, 1), new(100, 1, 50, 0)];
        var steps = new StepTimeModel(layers, 8, 4, Ample);
        (int, int)[] stages = [(0, 1), (1, 1), (2, 1)];
        Assert.Equal(1600 + (3 * 2 * 50), steps.MemoryBytes(stages, 1, 0));
        Assert.Equal(1600 + (1 * 2 * 50), steps.MemoryBytes(stages, 1, 2));
        Assert.Equal(1600 + (2 * 2 * 50), steps.MemoryBytes(stages, 2, 0));
        Assert.Equal(1600 + (1 * 2 * 50), steps.MemoryBytes(stages, 4, 0));
        Assert.Equal(4800 + (2 * 150), steps.WholeModelBytes);
    }

    [Fact]
    public void Too_little_memory_is_infeasible_to_the_byte()
    {
        LayerCost[] layers = [new(100, 1, 50, 1), new(100, 1, 50, 0)];
        const long One = 3200 + 200, Two = 1600 + (2 * 2 * 50);
        PlanningProfile With(long bytes) => PlanningProfile.FromLayers("m", layers, 8, 4, new AcceleratorSpec(bytes, 1e9, 1e8));
        Assert.Equal(1, With(One).MinDepth);
        Assert.Equal(2, With(One - 1).MinDepth);
        Assert.Equal(2, With(Two).MinInstances);

        // With four pipelines a single micro-batch is in flight, which still fits.
        Assert.Equal(8, With(Two - 1).MinInstances);
        Assert.Equal(0, With(Two - 1).Throughput(1, 2));
        Assert.True(With(Two - 1).Throughput(4, 2) > 0);

        var nothing = With(1700 - 1);
        Assert.Equal((0, 0, int.MaxValue), (nothing.MinDepth, nothing.MaxDepth, nothing.MinInstances));
        Assert.Throws<ArgumentOutOfRangeException>(() => nothing.Partition(1));
    }

    [Fact]
    public void No_cut_that_fits_has_a_faster_slowest_stage() =>
        Gen.Select(Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20], (p, f) => new LayerCost(p, f, p * 3, 2)).Array[2, 7], Gen.Int[1, 4], Gen.Int[500, 2000]).Sample(
            (layers, depth, memory) =>
            {
                if (depth > layers.Length) return;
                var steps = new StepTimeModel(layers, 8, 8, new AcceleratorSpec(memory, 10, 10));
                var cuts = Cuts(layers.Length, depth).Where(c => steps.Fits(c, 1)).ToList();
                if (cuts.Count == 0) return;
                var stages = steps.Partition(depth)!;
                Assert.True(steps.Fits(stages, 1));
                Assert.Equal(layers.Length, stages.Sum(s => s.Count));

                // Without optimizer and all-reduce (one pipeline, equal largest stage or less) the step is bound by the slowest stage.
                double Slowest((int First, int Count)[] cut) => cut.Max(s => (3 * layers.Skip(s.First).Take(s.Count).Sum(l => l.ForwardFlopsPerSample) / 10)
                    + ((s.First > 0 ? 0.2 : 0) + (s.First + s.Count < layers.Length ? 0.2 : 0)));
                Assert.Equal(cuts.Min(Slowest), Slowest(stages), 1e-9);
            },
            iter: 300);

    [Fact]
    public void Stages_hold_all_layers_in_order_and_state_is_12_bytes_a_parameter()
    {
        var layers = TransformerCosts.Layers(6, 32, 2, 16, 256);
        var profile = PlanningProfile.FromLayers("gpt", layers, 16, 8, Ample);
        for (int depth = 1; depth <= 8; depth++)
        {
            var stages = profile.Partition(depth);
            Assert.Equal(depth, stages.Length);
            Assert.Equal(Enumerable.Range(0, 8), stages.SelectMany(s => Enumerable.Range(s.First, s.Count)));
            Assert.Equal(12 * layers.Sum(l => l.Parameters), Enumerable.Range(0, depth).Sum(s => profile.StageBytes(depth, s)));
            Assert.Equal(Enumerable.Range(0, depth).Max(s => profile.StageBytes(depth, s)), profile.LargestStageBytes(depth));
        }
    }

    [Fact]
    public void A_measured_profile_is_read_from_its_file()
    {
        var profile = Samples.Gpt15B();
        Assert.Equal(("gpt-1.5b", 128, 50), (profile.Model, profile.GlobalBatch, profile.LayerCount));
        Assert.Equal((6, 32, 6), (profile.MinDepth, profile.MaxDepth, profile.MinInstances));
        Assert.Equal(43.468, profile.Throughput(4, 8));
        Assert.Equal(0, profile.Throughput(4, 5));
        Assert.Equal(50, profile.Partition(8).Sum(s => s.Count));
    }

    [Fact]
    public void A_batch_that_cannot_be_cut_is_refused() =>
        Assert.Throws<ArgumentException>(() => PlanningProfile.FromLayers("m", TransformerCosts.Layers(1, 8, 1, 8, 256), 9, 4, Ample));

    private static IEnumerable<(int First, int Count)[]> Cuts(int layers, int depth, int first = 0)
    {
        if (depth == 1)
        {
            yield return [(first, layers - first)];
            yield break;
        }

        for (int count = 1; count <= layers - first - depth + 1; count++)
        {
            foreach (var rest in Cuts(layers, depth - 1, first + count)) yield return [(first, count), .. rest];
        }
    }
}
