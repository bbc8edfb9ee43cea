using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

public sealed class GptTests
{
    [Theory]
    [InlineData(1, 8, 256, 2)]
    [InlineData(6, 128, 256, 128)]
    [InlineData(3, 48, 1000, 32)]
    public void Every_layer_has_the_parameters_that_the_specification_says(int blocks, int hidden, int vocabulary, int sequence)
    {
        var spec = new ModelSpec { Blocks = blocks, Hidden = hidden, Heads = 4, Vocabulary = vocabulary, SequenceLength = sequence };
        var model = new Gpt(spec);
        Assert.Equal(blocks + 2, model.LayerCount);
        for (int layer = 0; layer < model.LayerCount; layer++)
        {
            var layout = model.Layout(layer);
            Assert.Equal(layer, layout.Layer);
            int expected = layer == 0 ? (vocabulary + sequence) * hidden : layer == blocks + 1 ? (2 + vocabulary) * hidden : (12 * hidden * hidden) + (13 * hidden);
            Assert.Equal(expected, layout.Length);
            Assert.Equal(layout.Parameters.Select((_, i) => layout.Parameters.Take(i).Sum(p => p.Length)), layout.Parameters.Select(p => p.Offset));
        }
    }

    [Fact]
    public void Parameters_begin_as_in_GPT_2()
    {
        var model = new Gpt(new ModelSpec { Blocks = 8 });
        using var scope = NewDisposeScope();
        using var state = LayerState.Initialize(model, 3, new TrainingSpec());
        var values = state.Layout.Parameters.Zip(state.Layout.Views(state.Parameters)).ToDictionary(p => p.First.Name, p => p.Second);
        Assert.Equal(0.02, values["attention.qkv.weight"].std().item<float>(), 0.0005);
        Assert.Equal(0.02 / 4, values["attention.out.weight"].std().item<float>(), 0.0002); // 1 / sqrt(2 * 8)
        Assert.Equal(0.02 / 4, values["mlp.down.weight"].std().item<float>(), 0.0002);
        Assert.Equal(128, values["mlp.norm.weight"].sum().item<float>());
        Assert.Equal(0, values["mlp.up.bias"].abs().sum().item<float>());
        Assert.Equal(0, state.Slots.Sum(s => s.abs().sum().item<float>()));
        Assert.Equal(0, state.Version);
    }

    [Fact]
    public void A_layer_begins_the_same_whoever_makes_it_and_leaves_the_process_generator_alone()
    {
        var model = new Gpt(new ModelSpec());
        using var scope = NewDisposeScope();
        manual_seed(5);
        float before = rand(1).item<float>();
        manual_seed(5);
        using var first = LayerState.Initialize(model, 2, new TrainingSpec());
        Assert.Equal(before, rand(1).item<float>());
        using var other = LayerState.Initialize(model, 3, new TrainingSpec());
        using var again = LayerState.Initialize(model, 2, new TrainingSpec());
        using var otherSeed = LayerState.Initialize(model, 2, new TrainingSpec { Seed = 2 });
        Assert.Equal(first.Parameters.Bytes().ToArray(), again.Parameters.Bytes().ToArray());
        Assert.NotEqual(first.Parameters.Bytes().ToArray(), other.Parameters.Bytes().ToArray());
        Assert.NotEqual(first.Parameters.Bytes().ToArray(), otherSeed.Parameters.Bytes().ToArray());
    }

    [Fact]
    public void A_token_does_not_see_those_after_it()
    {
        var model = new Gpt(new ModelSpec { Blocks = 2, Hidden = 32, SequenceLength = 8 });
        using var scope = NewDisposeScope();
        var states = Enumerable.Range(0, model.LayerCount).Select(layer => LayerState.Initialize(model, layer, new TrainingSpec())).ToList();
        Tensor Logits(Tensor tokens) => states.Aggregate(tokens, (x, s) => Passes.Evaluate(model, s, x));
        var one = Logits(tensor(new long[,] { { 1, 2, 3, 4, 5, 6, 7, 8 } }));
        var two = Logits(tensor(new long[,] { { 1, 2, 3, 4, 9, 9, 9, 9 } }));
        Assert.Equal([1L, 8L, 256L], one.shape);
        Assert.Equal(one[0, 3].data<float>().ToArray(), two[0, 3].data<float>().ToArray());
        Assert.NotEqual(one[0, 4].data<float>().ToArray(), two[0, 4].data<float>().ToArray());
        states.ForEach(s => s.Dispose());
    }

    [Fact]
    public void Dropout_is_a_function_of_seed_step_micro_batch_and_layer()
    {
        using var scope = NewDisposeScope();
        byte[] Draw(int seed, int step, int microBatch, int layer)
        {
            using var dropout = new Dropout(0.25, seed, step, microBatch, layer);
            return dropout.Apply(ones(400)).Bytes().ToArray();
        }

        var mask = Draw(1, 2, 3, 4);
        Assert.Equal(mask, Draw(1, 2, 3, 4));
        foreach (var other in new[] { Draw(0, 2, 3, 4), Draw(1, 0, 3, 4), Draw(1, 2, 0, 4), Draw(1, 2, 3, 0), Draw(1, 3, 2, 4) }) Assert.NotEqual(mask, other);
        using var dropout = new Dropout(0.25, 1, 2, 3, 4);
        var dropped = dropout.Apply(ones(100_000));
        Assert.Equal(1, dropped.mean().item<float>(), 0.01);
        Assert.Equal(0.25, dropped.eq(0).to(ScalarType.Float32).mean().item<float>(), 0.01);
    }
}
