using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Numerics;

public sealed class StageComputeTests : IDisposable
{
    private static readonly Gpt Model = new(new ModelSpec { Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 8, Dropout = 0.2 });
    private static readonly TrainingSpec Training = new() { GlobalBatch = 8, MicroBatches = 4 };
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<LayerState> _states = [.. Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, Training))];

    public void Dispose()
    {
        _states.ForEach(s => s.Dispose());
        _scope.Dispose();
    }

    [Fact]
    public void Micro_batches_in_flight_do_not_disturb_each_other()
    {
        using var front = Stage(0, 2);
        using var back = Stage(2, 2);
        var alone = new List<byte[]>();
        for (int i = 0; i < 3; i++) alone.Add(Run(i)()); // one after the other
        var started = Enumerable.Range(0, 3).Select(Run).ToList(); // all three forward
        Assert.Equal(3, front.InFlightCount);
        foreach (int i in new[] { 2, 0, 1 }) Assert.Equal(alone[i], started[i]()); // backward in another order
        Assert.Equal(0, front.InFlightCount);

        Func<byte[]> Run(int microBatch)
        {
            var output = front.Forward(0, microBatch, Tokens(microBatch), null).Output!;
            var loss = back.Forward(0, microBatch, output, Tokens(microBatch + 1)).Loss;
            return () =>
            {
                var gradients = new Collected(Model);
                var gradient = back.Backward(microBatch, null, gradients);
                Assert.Equal([2L, 8L, 16L], gradient!.shape);
                Assert.Null(front.Backward(microBatch, gradient, gradients));
                return [.. BitConverter.GetBytes(loss), .. gradients.All.Bytes().ToArray()];
            };
        }
    }

    [Fact]
    public void The_gradient_is_the_slope_of_the_loss()
    {
        using var whole = Stage(0, 4);
        var (tokens, targets, gradients) = (Tokens(1), Tokens(2), new Collected(Model));
        double at = whole.Forward(0, 0, tokens, targets).Loss;
        whole.Backward(0, null, gradients);
        using var generator = new Generator(1, CPU);
        var direction = _states.Select(s => empty(s.Layout.Length).normal_(0, 1, generator)).ToArray();
        const double Step = 1e-3;
        for (int i = 0; i < _states.Count; i++) _states[i].Parameters.add_(direction[i], Step);
        double after = whole.Forward(0, 0, tokens, targets).Loss;
        whole.Abandon();
        for (int i = 0; i < _states.Count; i++) _states[i].Parameters.add_(direction[i], -2 * Step);
        double before = whole.Forward(0, 0, tokens, targets).Loss;
        double slope = (after - before) / (2 * Step);
        Assert.Equal(slope, gradients.All.dot(cat(direction)).item<float>(), Math.Abs(slope) * 0.02 + 0.01);
        Assert.InRange(at, 5, 6);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var front = Stage(0, 2);
        using var back = Stage(2, 2);
        var gradient = new Collected(Model);
        var output = front.Forward(0, 0, Tokens(0), null).Output!;
        Assert.Throws<InvalidOperationException>(() => front.Forward(0, 0, Tokens(0), null));
        Assert.Throws<InvalidOperationException>(() => front.Backward(1, output, gradient));
        Assert.Throws<ArgumentException>(() => front.Backward(0, null, gradient));
        Assert.Throws<InvalidOperationException>(() => front.BackwardWeights(0, gradient));
        Assert.Throws<ArgumentException>(() => back.Forward(0, 0, output, null));
        Assert.Throws<ArgumentException>(() => new StageCompute(Model, new LayerRange(1, 2), [.. _states.Take(2)], Training));
        Assert.Throws<ArgumentOutOfRangeException>(() => Stage(3, 2));
        front.Abandon();
        Assert.Equal(0, front.InFlightCount);
    }

    [Fact]
    public void A_boundary_may_be_received_into_a_buffer_that_is_disposed_of_at_once()
    {
        using var back = Stage(2, 2);
        var gradient = new Collected(Model);
        using (var received = empty(2, 8, 16).normal_(0, 1)) back.Forward(0, 0, received, Tokens(1));
        GC.Collect();
        using var inputGradient = back.Backward(0, null, gradient);
        Assert.True(inputGradient!.isfinite().all().item<bool>());
    }

    [Theory]
    [InlineData(true, false, "float32")]
    [InlineData(false, true, "float32")]
    [InlineData(true, true, "float32")]
    [InlineData(true, true, "bfloat16")]
    public void Gradients_have_the_same_bits_when_weights_are_split_off_or_activations_computed_again(bool split, bool recompute, string precision)
    {
        var training = Training with { Precision = precision };
        Assert.Equal(Gradient(training, false), Gradient(training with { Recompute = recompute }, split));

        byte[] Gradient(TrainingSpec spec, bool splitWeights)
        {
            using var stage = new StageCompute(Model, new LayerRange(0, Model.LayerCount), _states, spec);
            var gradients = new Collected(Model);
            double loss = stage.Forward(3, 1, Tokens(1), Tokens(2)).Loss;
            stage.Backward(1, null, gradients, splitWeights);
            if (splitWeights) stage.BackwardWeights(1, gradients);
            return [.. BitConverter.GetBytes(loss), .. gradients.All.Bytes().ToArray()];
        }
    }

    [Fact]
    public void Gradients_in_bfloat16_are_near_those_in_float32()
    {
        Tensor Gradient(string precision)
        {
            using var stage = new StageCompute(Model, new LayerRange(0, Model.LayerCount), _states, Training with { Precision = precision });
            var gradients = new Collected(Model);
            stage.Forward(3, 1, Tokens(1), Tokens(2));
            stage.Backward(1, null, gradients);
            return gradients.All;
        }

        var (exact, low) = (Gradient("float32"), Gradient("bfloat16"));
        Assert.Equal(ScalarType.Float32, low.dtype);
        double error = (exact - low).norm().item<float>() / exact.norm().item<float>();
        Assert.InRange(error, 1e-4, 0.03);
    }

    [Fact]
    public void Evaluation_drops_nothing_and_keeps_nothing()
    {
        using var whole = Stage(0, 4);
        double first = whole.Evaluate(Tokens(1), Tokens(2)).Loss;
        Assert.Equal(first, whole.Evaluate(Tokens(1), Tokens(2)).Loss);
        Assert.NotEqual(first, whole.Forward(0, 0, Tokens(1), Tokens(2)).Loss);
        Assert.Equal(1, whole.InFlightCount);
    }

    [Fact]
    public void The_tree_reuses_its_buffers_and_takes_any_order()
    {
        using var tree = new GradientTree(2, 7, 7, 5);
        var values = Enumerable.Range(0, 7).Select(_ => empty(5).normal_(0, 1)).ToArray();
        byte[][] Sum(params int[] order)
        {
            tree.Clear();
            foreach (int i in order)
            {
                Assert.False(tree.IsComplete);
                var flat = tree.Rent();
                flat.copy_(values[i]);
                tree.Add(i, flat);
            }

            return [.. tree.Nodes.Select(n => n.Flat.Bytes().ToArray())];
        }

        var inOrder = Sum(2, 3, 4, 5, 6);
        Assert.Equal([new TreeNode(1, 1), new TreeNode(2, 1)], tree.Nodes.Select(n => n.Node));
        Assert.Equal(((values[4] + values[5]) + values[6]).Bytes().ToArray(), inOrder[1]); // bit-equal to Torch's additions
        int buffers = tree.BufferCount;
        Assert.Equal(inOrder, Sum(2, 3, 4, 5, 6));
        Assert.Equal(buffers, tree.BufferCount);
        Assert.Equal(inOrder, Sum(6, 4, 3, 5, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, values[0]));
        Assert.Throws<ArgumentException>(() => tree.Add(2, values[0]));
        tree.Clear();
        Assert.Throws<InvalidOperationException>(() => tree.Nodes);
    }

    [Fact]
    public void Spans_add_to_the_same_bits_as_tensors()
    {
        Tensor a = empty(10_001).normal_(0, 1e3), b = empty(10_001).normal_(0, 1e-3), sum = a + b;
        TreeMerge.Add(a.Floats().Span, b.Floats().Span);
        Assert.Equal(sum.Bytes().ToArray(), a.Bytes().ToArray());
    }

    [Fact]
    public void A_tensors_memory_is_its_own_and_a_snapshot_is_not()
    {
        var state = _states[1];
        using var copy = state.Clone();
        state.Parameters.Floats().Span[3] = 42;
        Assert.Equal(42, state.Parameters[3].item<float>());
        Assert.NotEqual(42, copy.Parameters[3].item<float>());
        Assert.Equal(3 * 4 * state.Layout.Length, state.ByteCount);
        Assert.Throws<ArgumentException>(() => ones(4, 4).t().Bytes());
        Assert.Throws<ArgumentException>(() => ones(4, ScalarType.Int64).Floats());
        var gone = ones(4);
        var memory = gone.Bytes();
        gone.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.Span.Length);
    }

    private StageCompute Stage(int first, int count) => new(Model, new LayerRange(first, count), [.. _states.Skip(first).Take(count)], Training);

    private static Tensor Tokens(int salt) => (arange(16, ScalarType.Int64) * 37 + salt * 11).remainder(256).view(2, 8);

    private sealed class Collected(IStagedModel model) : IGradientSink
    {
        private readonly SortedDictionary<int, Tensor> _layers = [];

        public Tensor All => cat([.. _layers.Values]);

        public Tensor Rent(int layer) => full(model.Layout(layer).Length, float.NaN).DetachFromDisposeScope();

        public void Done(int layer, int microBatch, Tensor gradient) => _layers.Add(layer, gradient);
    }
}
