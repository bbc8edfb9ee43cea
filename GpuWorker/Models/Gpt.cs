using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// A GPT: token and position embedding, pre-norm transformer blocks, final norm and an output head of its own (not tied to the embedding, so
/// that the first and the last layer need not meet). GPT-2's shapes and initial values. Dropout acts on the embedding and on what each half of
/// a block adds to the residual stream.
/// </summary>
public sealed class Gpt : IStagedModel
{
    private const double Deviation = 0.02;

    private readonly LayerLayout[] _layouts;
    private readonly long _hidden;
    private readonly long _heads;

    /// <summary>Builds the model.</summary>
    public Gpt(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Spec = spec;
        (_hidden, _heads) = (spec.Hidden, spec.Heads);
        _layouts = [EmbeddingLayout(), .. Enumerable.Range(0, spec.Blocks).Select(BlockLayout), HeadLayout()];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public int LayerCount => _layouts.Length;

    /// <inheritdoc/>
    public LayerLayout Layout(int layer) => _layouts[layer];

    /// <inheritdoc/>
    public Tensor Forward(int layer, IReadOnlyList<Tensor> parameters, Tensor input, Dropout dropout)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(dropout);
        if (layer == 0) return Embedding(parameters, input, dropout);
        if (layer == LayerCount - 1) return Head(parameters, input);
        return Block(parameters, input, dropout);
    }

    /// <inheritdoc/>
    public Tensor Loss(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        // Per token in float32, their mean in float64: the mean then hardly depends on how many tokens there are.
        return cross_entropy(logits.view(-1, Spec.Vocabulary), targets.view(-1), reduction: nn.Reduction.None).to(ScalarType.Float64).mean();
    }

    private static Tensor Embedding(IReadOnlyList<Tensor> parameters, Tensor tokens, Dropout dropout)
    {
        var (token, position) = (parameters[0], parameters[1]);
        return dropout.Apply(token.index_select(0, tokens.view(-1)).view([.. tokens.shape, token.shape[1]]) + position.narrow(0, 0, tokens.shape[1]));
    }

    private Tensor Block(IReadOnlyList<Tensor> parameters, Tensor x, Dropout dropout)
    {
        x = x + dropout.Apply(Attention(Norm(x, parameters[0], parameters[1]), parameters[2], parameters[3], parameters[4], parameters[5]));
        x = x + dropout.Apply(Mlp(Norm(x, parameters[6], parameters[7]), parameters[8], parameters[9], parameters[10], parameters[11]));
        return x;
    }

    private Tensor Head(IReadOnlyList<Tensor> parameters, Tensor x) => linear(Norm(x, parameters[0], parameters[1]), parameters[2]);

    private Tensor Norm(Tensor x, Tensor gain, Tensor bias) => layer_norm(x, [_hidden], gain, bias);

    private Tensor Attention(Tensor x, Tensor qkvWeight, Tensor qkvBias, Tensor outWeight, Tensor outBias)
    {
        var (batch, sequence) = (x.shape[0], x.shape[1]);
        // [batch, sequence, 3 * hidden] -> three of [batch, heads, sequence, hidden / heads]
        var qkv = linear(x, qkvWeight, qkvBias).view(batch, sequence, 3, _heads, _hidden / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        var mixed = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: true);
        return linear(mixed.transpose(1, 2).reshape(batch, sequence, _hidden), outWeight, outBias);
    }

    private static Tensor Mlp(Tensor x, Tensor upWeight, Tensor upBias, Tensor downWeight, Tensor downBias) =>
        linear(gelu(linear(x, upWeight, upBias)), downWeight, downBias);

    private LayerLayout EmbeddingLayout() => LayerLayout.Of(0, "embedding",
        ("token.weight", Normal, [Spec.Vocabulary, _hidden]),
        ("position.weight", Normal, [Spec.SequenceLength, _hidden]));

    private LayerLayout BlockLayout(int block)
    {
        // Each block adds to the residual stream twice; scaled down, the sum over all blocks keeps its size (GPT-2, section 2.3).
        var residual = new Initial(0, Deviation / Math.Sqrt(2.0 * Spec.Blocks));
        long h = _hidden;
        return LayerLayout.Of(block + 1, $"blocks.{block}",
            ("attention.norm.weight", Ones, [h]), ("attention.norm.bias", Zeros, [h]),
            ("attention.qkv.weight", Normal, [3 * h, h]), ("attention.qkv.bias", Zeros, [3 * h]),
            ("attention.out.weight", residual, [h, h]), ("attention.out.bias", Zeros, [h]),
            ("mlp.norm.weight", Ones, [h]), ("mlp.norm.bias", Zeros, [h]),
            ("mlp.up.weight", Normal, [4 * h, h]), ("mlp.up.bias", Zeros, [4 * h]),
            ("mlp.down.weight", residual, [h, 4 * h]), ("mlp.down.bias", Zeros, [h]));
    }

    private LayerLayout HeadLayout() => LayerLayout.Of(Spec.LayerCount - 1, "head",
        ("norm.weight", Ones, [_hidden]), ("norm.bias", Zeros, [_hidden]), ("weight", Normal, [Spec.Vocabulary, _hidden]));

    private static Initial Normal => new(0, Deviation);

    private static Initial Ones => new(1, 0);

    private static Initial Zeros => new(0, 0);
}
