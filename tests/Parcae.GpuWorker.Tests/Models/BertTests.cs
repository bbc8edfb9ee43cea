using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

public sealed class BertTests : IDisposable
{
    private static readonly Bert Model = new(SmallModels.Spec("bert"));
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<LayerState> _states = [.. Enumerable.Range(0, Model.LayerCount).Select(layer => LayerState.Initialize(Model, layer, new TrainingSpec()))];

    public void Dispose()
    {
        _states.ForEach(s => s.Dispose());
        _scope.Dispose();
    }

    [Fact]
    public void A_token_sees_those_after_it()
    {
        var one = Outputs(1, 2, 3, 4, 5, 6, 7, 8)[^1];
        var two = Outputs(1, 2, 3, 4, 5, 6, 7, 9)[^1];
        Assert.Equal([1L, 8L, 24L], one.shape);
        Assert.NotEqual(one[0, 0].data<float>().ToArray(), two[0, 0].data<float>().ToArray());
    }

    [Fact]
    public void Embedding_and_blocks_end_in_a_norm()
    {
        foreach (var output in Outputs(1, 2, 3, 4, 5, 6, 7, 8)[..^1])
        {
            Assert.Equal(0, output.mean([-1]).abs().max().item<float>(), 1e-5);
            Assert.Equal(1, output.square().mean([-1]).min().item<float>(), 1e-3);
        }
    }

    [Fact]
    public void A_block_is_attention_then_a_perceptron_each_added_and_normed()
    {
        // Written out once more, one head at a time, without the engine's helpers.
        var x = Outputs(8, 7, 6, 5, 4, 3, 2, 1)[0];
        var p = Model.Layout(1).Parameters.Zip(Model.Layout(1).Views(_states[1].Parameters)).ToDictionary(z => z.First.Name, z => z.Second);
        var qkv = (x.matmul(p["attention.qkv.weight"].t()) + p["attention.qkv.bias"]).chunk(3, -1);
        var heads = Enumerable.Range(0, 2).Select(h =>
        {
            var (q, k, v) = (qkv[0].narrow(-1, 8 * h, 8), qkv[1].narrow(-1, 8 * h, 8), qkv[2].narrow(-1, 8 * h, 8));
            return (q.matmul(k.transpose(1, 2)) / Math.Sqrt(8)).softmax(-1).matmul(v);
        }).ToArray();
        var first = Norm(x + cat(heads, -1).matmul(p["attention.out.weight"].t()) + p["attention.out.bias"], p, "attention");
        var up = first.matmul(p["mlp.up.weight"].t()) + p["mlp.up.bias"];
        var gelu = up * 0.5 * (1 + special.erf(up / Math.Sqrt(2)));
        var expected = Norm(first + gelu.matmul(p["mlp.down.weight"].t()) + p["mlp.down.bias"], p, "mlp");
        Assert.Equal(0, (Passes.Evaluate(Model, _states[1], x) - expected).abs().max().item<float>(), 1e-5);

        static Tensor Norm(Tensor t, Dictionary<string, Tensor> p, string name)
        {
            var centred = t - t.mean([-1], keepdim: true);
            return centred / (centred.square().mean([-1], keepdim: true) + 1e-12).sqrt() * p[$"{name}.norm.weight"] + p[$"{name}.norm.bias"];
        }
    }

    private List<Tensor> Outputs(params long[] tokens)
    {
        var outputs = new List<Tensor>();
        foreach (var state in _states) outputs.Add(Passes.Evaluate(Model, state, outputs.Count == 0 ? tensor(tokens, [1, tokens.Length]) : outputs[^1]));
        return outputs;
    }
}
