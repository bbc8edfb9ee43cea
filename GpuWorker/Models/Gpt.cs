using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// GPT-2 (Radford et al. 2019): token and position embedding, pre-norm transformer blocks, final norm, and an output head that is the token embedding again
/// unless the spec says otherwise. GPT-2's shapes, initial values and activation function. Dropout acts on the embedding and on what each half of a block adds
/// to the residual stream (not on attention probabilities).
/// </summary>
public sealed class Gpt : IStagedModel
{
    private const double Deviation = 0.02;

    // Positions in a block's layout.
    private const int Norm1 = 0, Qkv = 2, Out = 4, Norm2 = 6, Up = 8, Down = 10;

    private readonly LayerLayout[] _layouts;
    private readonly long _hidden;
    private readonly long _heads;

    /// <summary>Builds the model.</summary>
    /// <exception cref="ArgumentException">The spec is not one of a GPT; the message names the value.</exception>
    public Gpt(ModelSpec spec)
    {
        Require.Transformer(spec);
        Spec = spec;
        (_hidden, _heads) = (spec.Hidden, spec.Heads);
        _layouts = [EmbeddingLayout(), .. Enumerable.Range(0, spec.Blocks).Select(BlockLayout), HeadLayout()];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public string Description => $"GPT, {Spec.Blocks} blocks x {Spec.Hidden}, {Spec.Heads} heads, sequence {Spec.SequenceLength}, vocabulary {Spec.Vocabulary}";

    /// <inheritdoc/>
    public int LayerCount => _layouts.Length;

    private int Head => LayerCount - 1;

    /// <inheritdoc/>
    public LayerLayout Layout(int layer) => _layouts[layer];

    /// <inheritdoc/>
    public long[] OutputShape(int layer) => [Spec.SequenceLength, layer == Head ? Spec.Vocabulary : _hidden];

    /// <inheritdoc/>
    public double ForwardFlops(int layer)
    {
        double s = Spec.SequenceLength, h = _hidden;
        if (layer == 0) return s * h;
        // A block: four products of 12 h^2 weights, and scores and mixing over the pairs of positions.
        return layer == Head ? 2 * s * h * Spec.Vocabulary : 24 * s * h * h + 4 * s * s * h;
    }

    /// <inheritdoc/>
    public long ActivationBytes(int layer)
    {
        long s = Spec.SequenceLength, residual = sizeof(float) * s * _hidden, mask = Spec.Dropout > 0 ? residual : 0;
        if (layer == 0) return sizeof(long) * s + mask;
        // Head: the norm's input and output, the logits and their softmax. A block: both norms' inputs and outputs (4), queries, keys and values (3), attention's
        // output before and after its product (2), the MLP before and after its activation function (8) and its output; attention keeps one log-sum per
        // head and token.
        return layer == Head ? 2 * residual + 2 * sizeof(float) * s * Spec.Vocabulary : 18 * residual + 2 * mask + sizeof(float) * _heads * s;
    }

    /// <inheritdoc/>
    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        if (layer == 0) return Embedding(pass, input);
        if (layer == Head) return pass.Linear(Norm(pass, input, 0), 2).to(ScalarType.Float32);
        var x = pass.Joint(input.Plus(pass.Dropout(Attention(pass, Norm(pass, input, Norm1)))));
        return x.Plus(pass.Dropout(Mlp(pass, Norm(pass, x, Norm2))));
    }

    /// <summary>Mean cross-entropy of the next tokens.</summary>
    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    private static Tensor Embedding(LayerPass pass, Tensor tokens)
    {
        var (token, position) = (pass[0], pass[1]);
        return pass.Dropout(token.index_select(0, tokens.view(-1)).view([.. tokens.shape, token.shape[1]]).Plus(position.narrow(0, 0, tokens.shape[1])));
    }

    private Tensor Norm(LayerPass pass, Tensor x, int gain) => layer_norm(x, [_hidden], pass[gain], pass[gain + 1]);

    private Tensor Attention(LayerPass pass, Tensor x)
    {
        var (batch, sequence) = (x.shape[0], x.shape[1]);
        // [batch, sequence, 3 * hidden] -> three of [batch, heads, sequence, hidden / heads]
        var qkv = pass.Linear(x, Qkv, Qkv + 1).view(batch, sequence, 3, _heads, _hidden / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        var mixed = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: true);
        return pass.Linear(mixed.transpose(1, 2).reshape(batch, sequence, _hidden), Out, Out + 1);
    }

    private static Tensor Mlp(LayerPass pass, Tensor x) => pass.Linear(pass.GeluTanh(pass.Linear(x, Up, Up + 1)), Down, Down + 1);

    private LayerLayout EmbeddingLayout() => LayerLayout.Of(0, "embedding",
        Declare.Table("token.weight", Spec.Vocabulary, _hidden, Initial.Normal(Deviation)),
        Declare.Table("position.weight", Spec.SequenceLength, _hidden, Initial.Normal(Deviation)));

    private LayerLayout BlockLayout(int block)
    {
        // Each block adds to the residual stream twice; scaled down, the sum over all blocks keeps its size (GPT-2, section 2.3).
        var (normal, residual) = (Initial.Normal(Deviation), Initial.Normal(Deviation / Math.Sqrt(2.0 * Spec.Blocks)));
        long h = _hidden;
        return LayerLayout.Of(block + 1, $"blocks.{block}",
            Declare.Gain("attention.norm.weight", h), Declare.Bias("attention.norm.bias", h),
            Declare.Matrix("attention.qkv.weight", 3 * h, h, normal), Declare.Bias("attention.qkv.bias", 3 * h),
            Declare.Matrix("attention.out.weight", h, h, residual), Declare.Bias("attention.out.bias", h),
            Declare.Gain("mlp.norm.weight", h), Declare.Bias("mlp.norm.bias", h),
            Declare.Matrix("mlp.up.weight", 4 * h, h, normal), Declare.Bias("mlp.up.bias", 4 * h),
            Declare.Matrix("mlp.down.weight", h, 4 * h, residual), Declare.Bias("mlp.down.bias", h));
    }

    private LayerLayout HeadLayout() => LayerLayout.Of(Spec.Blocks + 1, "head",
        Declare.Gain("norm.weight", _hidden), Declare.Bias("norm.bias", _hidden),
        Declare.Matrix("weight", Spec.Vocabulary, _hidden, Initial.Normal(Deviation)) with { Tie = Spec.TiedEmbeddings ? new TiedTo(0, 0) : null });
}
