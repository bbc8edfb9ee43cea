using CsCheck;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Profiles;

public sealed class StagePartitionTests
{
    private const int Batch = 8, MicroBatches = 4;

    // A link so fast that only compute counts.
    private static readonly AcceleratorSpec Ample = new(1L << 50, 1, 1e15);

    private static readonly Gen<LayerCost> Layer = Gen.Select(
        Gen.Int[1, 100], Gen.Int[1, 100], Gen.Int[1, 1000], Gen.Int[1, 1000], Gen.Int[0, 100],
        (parameters, activations, forward, backward, output) => new LayerCost(parameters, 1, activations, output, forward * 1e-6, backward * 1e-6));

    [Fact]
    public void The_slowest_stage_is_as_fast_as_any_cut_that_fits_allows() =>
        Gen.Select(Layer.Array[1, 9], Gen.Int[1, 5], Gen.Int[500, 12_000], Gen.Bool).Sample(
            (layers, depth, memory, recompute) =>
            {
                if (depth > layers.Length) return;
                var mode = new TrainingMode(1, recompute);
                var model = new StepTimeModel(layers, Batch, MicroBatches, Ample with { MemoryBytes = memory }, mode);
                double Slowest((int First, int Count)[] cut) => cut.Max(s => Seconds(layers, s, recompute));
                var found = model.Partition(depth);
                var all = Cuts(layers.Length, depth).ToArray();

                // As many micro-batches in flight as memory allows some cut to have.
                int most = Enumerable.Range(1, MicroBatches).Where(inFlight => all.Any(c => Fits(c, inFlight))).DefaultIfEmpty(0).Max();
                if (most == 0)
                {
                    Assert.Null(found);
                    return;
                }

                Assert.True(Fits(found!, Math.Min(most, depth)));
                Assert.Equal(all.Where(c => Fits(c, Math.Min(most, depth))).Min(Slowest), Slowest(found!), 1e-12);

                bool Fits((int First, int Count)[] cut, int inFlight) =>
                    cut.Select((s, stage) => Memory(layers, s, Math.Min(depth - stage, inFlight), mode)).All(bytes => bytes <= memory);
            },
            iter: 2000);

    [Fact]
    public void Equal_counts_are_beaten_where_layers_differ()
    {
        // One layer in eight takes as long as seven others, as a head with a large vocabulary does.
        LayerCost[] layers = [.. Enumerable.Range(0, 8).Select(i => new LayerCost(10, 1, 1, 1, i == 7 ? 7e-3 : 1e-3, i == 7 ? 14e-3 : 2e-3, 0))];
        var model = new StepTimeModel(layers, Batch, MicroBatches, Ample);
        var stages = model.Partition(2)!;
        Assert.Equal([(0, 7), (7, 1)], stages);
        Assert.InRange(model.StepSeconds(stages, 1) / model.StepSeconds([(0, 4), (4, 4)], 1), 0, 0.71);

        // By its operations alone the last layer looks like the others.
        var estimated = new StepTimeModel([.. layers.Select(l => l with { ForwardSeconds = null, BackwardSeconds = null })], Batch, MicroBatches, Ample);
        Assert.Equal([(0, 4), (4, 4)], estimated.Partition(2)!);
    }

    [Fact]
    public void What_fits_no_instance_has_no_partition()
    {
        LayerCost[] layers = [new(100, 1, 50, 1, 1e-3, 2e-3), new(1000, 1, 50, 0, 1e-3, 2e-3)];
        Assert.Null(new StepTimeModel(layers, Batch, MicroBatches, Ample with { MemoryBytes = 16_000 }).Partition(2));
        Assert.NotNull(new StepTimeModel(layers, Batch, MicroBatches, Ample with { MemoryBytes = 16_100 }).Partition(2));
        Assert.Null(new StepTimeModel(layers, Batch, MicroBatches, Ample).Partition(3));
    }

    [Fact]
    public void A_measured_step_is_that_of_1F1B_by_hand()
    {
        LayerCost[] layers = [new(100, 1e6, 0, 10_000, 1e-3, 3e-3, 7e-4), new(100, 1e6, 0, 0, 2e-3, 3e-3, 5e-4)];
        var link = new AcceleratorSpec(1L << 40, 1, 1e8);
        (int, int)[] two = [(0, 1), (1, 1)];
        var model = new StepTimeModel(layers, Batch, MicroBatches, link);
        Assert.Equal((5 * 2 * (5e-3 + 1e-4)) + 7e-4, model.StepSeconds(two, 1), 1e-12);
        Assert.Equal((4 * 2 * 9e-3) + 1.2e-3, model.StepSeconds([(0, 2)], 1), 1e-12);

        // One forward pass more.
        var again = new StepTimeModel(layers, Batch, MicroBatches, link, new TrainingMode(2, Recompute: true));
        Assert.Equal((5 * 2 * (7e-3 + 1e-4)) + 7e-4, again.StepSeconds(two, 1), 1e-12);
    }

    [Fact]
    public void Layers_that_were_not_measured_count_at_the_speed_of_those_that_were()
    {
        LayerCost[] layers = [new(1, 1000, 0, 0, 1e-3, 2e-3, 0), new(1, 3000, 0, 0, null, null, 0)];
        var model = new StepTimeModel(layers, Batch, MicroBatches, Ample);
        Assert.Equal(4 * 2 * (3e-3 + 9e-3), model.StepSeconds([(0, 2)], 1), 1e-12);
    }

    [Fact]
    public void A_time_that_is_none_is_refused()
    {
        foreach (double wrong in (double[])[double.NaN, -1, double.PositiveInfinity])
        {
            var refusal = Assert.Throws<ArgumentException>(() => new StepTimeModel([new LayerCost(1, 1, 1, 1, 1e-3, wrong)], Batch, MicroBatches, Ample));
            Assert.StartsWith($"Layer 0 takes {wrong} s;", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Memory_counts_the_optimizer_and_what_is_computed_again()
    {
        LayerCost[] layers = [new(100, 1, 50, 30), new(100, 1, 70, 20), new(100, 1, 10, 0)];
        (int, int)[] stages = [(0, 2), (2, 1)];
        long Bytes(TrainingMode mode, int stage) => new StepTimeModel(layers, Batch, MicroBatches, Ample, mode).MemoryBytes(stages, 1, stage);
        Assert.Equal((200 * 16) + (2 * 2 * 120), Bytes(new TrainingMode(2), 0));
        Assert.Equal((200 * 12) + (2 * 2 * 120), Bytes(new TrainingMode(1), 0));
        Assert.Equal((200 * 8) + (2 * 2 * 120), Bytes(new TrainingMode(0), 0));

        // The inputs of both layers (the first one's at most what it keeps) of each micro-batch in flight, and the activations of the larger layer once.
        Assert.Equal((200 * 16) + (2 * 2 * (50 + 30)) + (2 * 70), Bytes(new TrainingMode(2, true), 0));
        Assert.Equal((100 * 16) + (1 * 2 * 20) + (2 * 10), Bytes(new TrainingMode(2, true), 1));
    }

    private static double Seconds(LayerCost[] layers, (int First, int Count) stage, bool recompute) =>
        layers.Skip(stage.First).Take(stage.Count).Sum(l => (recompute ? 2 : 1) * l.ForwardSeconds!.Value + l.BackwardSeconds!.Value);

    private static long Memory(LayerCost[] layers, (int First, int Count) stage, int inFlight, TrainingMode mode)
    {
        var own = layers.Skip(stage.First).Take(stage.Count).ToArray();
        const int Samples = Batch / MicroBatches;
        long state = 4 * (2 + mode.OptimizerSlots) * own.Sum(l => l.Parameters);
        if (!mode.Recompute) return state + (inFlight * Samples * own.Sum(l => l.ActivationBytesPerSample));
        long inputs = Enumerable.Range(stage.First, stage.Count).Sum(i => i == 0 ? layers[0].ActivationBytesPerSample : layers[i - 1].OutputBytesPerSample);
        return state + (Samples * ((inFlight * inputs) + own.Max(l => l.ActivationBytesPerSample)));
    }

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
