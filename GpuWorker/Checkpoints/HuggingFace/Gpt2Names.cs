using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A parameter of a GPT under the name that it has in <c>transformers</c>' <c>GPT2LMHeadModel</c>.</summary>
/// <param name="Name">Without <c>transformer.</c>: <c>h.0.attn.c_attn.weight</c>.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Slice">The parameter.</param>
/// <param name="IsTransposed">Whether it is stored as <c>[in, out]</c>: GPT-2's layers are <c>Conv1D</c>s, which compute <c>x W + b</c>.</param>
internal sealed record Gpt2Tensor(string Name, int Layer, ParameterSlice Slice, bool IsTransposed)
{
    /// <summary>The head's name, the only one that never has the prefix.</summary>
    public const string HeadName = "lm_head.weight";

    /// <summary>What the other names begin with in a model with a head.</summary>
    public const string Prefix = "transformer.";

    /// <summary>As <c>GPT2LMHeadModel</c> saves it.</summary>
    public string FullName => Name == HeadName ? Name : Prefix + Name;

    /// <summary>Its shape there.</summary>
    public long[] Shape => IsTransposed ? [Slice.Shape[1], Slice.Shape[0]] : Slice.Shape;

    /// <summary>Every parameter of a GPT but copies.</summary>
    /// <exception cref="ArgumentException">The model is no GPT.</exception>
    public static IReadOnlyList<Gpt2Tensor> Of(IStagedModel model)
    {
        if (model.Spec.Family != "gpt") throw new ArgumentException($"GPT-2's layout holds a gpt, not a {model.Spec.Family}.", nameof(model));
        return [.. from layer in Enumerable.Range(0, model.LayerCount)
                   from slice in model.Layout(layer).Parameters
                   where slice.Tie is null
                   select Of(layer, model.LayerCount - 1, slice)];
    }

    /// <summary>Whether a name, without prefix, is of the causal mask that older versions saved with the weights.</summary>
    public static bool IsMask(string name, ModelSpec model) =>
        Enumerable.Range(0, model.Blocks).Any(block => name == $"h.{block}.attn.bias" || name == $"h.{block}.attn.masked_bias");

    private static Gpt2Tensor Of(int layer, int head, ParameterSlice slice)
    {
        if (layer == 0) return new(slice.Name == "token.weight" ? "wte.weight" : "wpe.weight", layer, slice, false);
        if (layer == head) return new(slice.Name == "weight" ? HeadName : slice.Name.Replace("norm.", "ln_f.", StringComparison.Ordinal), layer, slice, false);
        int dot = slice.Name.LastIndexOf('.');
        string module = slice.Name[..dot] switch
        {
            "attention.norm" => "ln_1",
            "attention.qkv" => "attn.c_attn",
            "attention.out" => "attn.c_proj",
            "mlp.norm" => "ln_2",
            "mlp.up" => "mlp.c_fc",
            "mlp.down" => "mlp.c_proj",
            var other => throw new ArgumentException($"GPT-2 has no '{other}'.", nameof(slice)),
        };
        return new($"h.{layer - 1}.{module}{slice.Name[dot..]}", layer, slice, slice.Role == ParameterRole.Matrix);
    }
}
