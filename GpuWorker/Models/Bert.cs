using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// BERT's masked language model (Devlin et al. 2019): token, position and segment embedding, then norm and dropout; post-norm transformer blocks that see the whole
/// sequence; and a head of one hidden layer whose decoder is the token embedding again, with a bias of its own. The published shapes, initial values (normal, not
/// truncated) and activation function. Every token is of segment 0: there is no prediction of the next sentence. Dropout acts on the embedding and on what
/// each half of a block adds to the residual stream (not on attention probabilities).
/// </summary>
public sealed class Bert : IStagedModel
{
    private const double Epsilon = 1e-12;
    private const long Segments = 2;

    // Positions in a block's layout.
    private const int Qkv = 0, Out = 2, Norm1 = 4, Up = 6, Down = 8, Norm2 = 10;

    private static readonly Initial Normal = Initial.Normal(0.02);

    private readonly LayerLayout[] _layouts;
    private readonly long _hidden;
    private readonly long _heads;

    /// <summary>Builds the model.</summary>
    /// <exception cref="ArgumentException">The spec is not one of a BERT; the message names the value.</exception>
    public Bert(ModelSpec spec)
    {
        Require.Transformer(spec);
        Spec = spec;
        (_hidden, _heads) = (spec.Hidden, spec.Heads);
        _layouts = [EmbeddingLayout(), .. Enumerable.Range(0, spec.Blocks).Select(BlockLayout), HeadLayout()];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public string Description => $"BERT, {Spec.Blocks} blocks x {Spec.Hidden}, {Spec.Heads} heads, sequence {Spec.SequenceLength}, vocabulary {Spec.Vocabulary}";

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
        return layer == Head ? 2 * s * h * (h + Spec.Vocabulary) : 24 * s * h * h + 4 * s * s * h;
    }

    /// <inheritdoc/>
    public long ActivationBytes(int layer)
    {
        long s = Spec.SequenceLength, residual = sizeof(float) * s * _hidden, mask = Spec.Dropout > 0 ? residual : 0;
        // Embedding: the tokens, and the norm's input.
        if (layer == 0) return sizeof(long) * s + residual + mask;
        // Head: its input, the hidden layer before and after its activation function, the decoder's input; the logits and their softmax.
        if (layer == Head) return 4 * residual + 2 * sizeof(float) * s * Spec.Vocabulary;
        // A block: its input, queries, keys and values (3), attention's output before and after its product (2), the first norm's input and output (2), the MLP
        // before and after its activation function (8) and its output, the second norm's input; attention keeps one log-sum per head and token.
        return 18 * residual + 2 * mask + sizeof(float) * _heads * s;
    }

    /// <inheritdoc/>
    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        if (layer == 0) return Embedding(pass, input);
        if (layer == Head) return MaskedLanguageHead(pass, input);
        var x = Norm(pass, input.Plus(pass.Dropout(Attention(pass, input))), Norm1);
        return Norm(pass, x.Plus(pass.Dropout(Mlp(pass, x))), Norm2);
    }

    /// <summary>Mean cross-entropy over the tokens that are to be predicted.</summary>
    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    private Tensor Embedding(LayerPass pass, Tensor tokens)
    {
        var (token, position, segment) = (pass[0], pass[1], pass[2]);
        var rows = token.index_select(0, tokens.view(-1)).view([.. tokens.shape, _hidden]);
        return pass.Dropout(Norm(pass, rows.Plus(position.narrow(0, 0, tokens.shape[1])).Plus(segment.select(0, 0)), 3));
    }

    private Tensor Norm(LayerPass pass, Tensor x, int gain) => layer_norm(x, [_hidden], pass[gain], pass[gain + 1], Epsilon);

    private Tensor Attention(LayerPass pass, Tensor x)
    {
        var (batch, sequence) = (x.shape[0], x.shape[1]);
        // [batch, sequence, 3 * hidden] -> three of [batch, heads, sequence, hidden / heads]
        var qkv = pass.Linear(x, Qkv, Qkv + 1).view(batch, sequence, 3, _heads, _hidden / _heads).permute(2, 0, 3, 1, 4).unbind(0);
        var mixed = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
        return pass.Linear(mixed.transpose(1, 2).reshape(batch, sequence, _hidden), Out, Out + 1);
    }

    private static Tensor Mlp(LayerPass pass, Tensor x) => pass.Linear(gelu(pass.Linear(x, Up, Up + 1)), Down, Down + 1);

    private Tensor MaskedLanguageHead(LayerPass pass, Tensor x)
    {
        var hidden = gelu(pass.Linear(x, 0, 1)).to(ScalarType.Float32);
        return pass.Linear(Norm(pass, hidden, 2), 4, 5).to(ScalarType.Float32);
    }

    private LayerLayout EmbeddingLayout() => LayerLayout.Of(0, "embedding",
        Declare.Table("token.weight", Spec.Vocabulary, _hidden, Normal),
        Declare.Table("position.weight", Spec.SequenceLength, _hidden, Normal),
        Declare.Table("segment.weight", Segments, _hidden, Normal),
        Declare.Gain("norm.weight", _hidden), Declare.Bias("norm.bias", _hidden));

    private LayerLayout BlockLayout(int block)
    {
        long h = _hidden;
        return LayerLayout.Of(block + 1, $"blocks.{block}",
            Declare.Matrix("attention.qkv.weight", 3 * h, h, Normal), Declare.Bias("attention.qkv.bias", 3 * h),
            Declare.Matrix("attention.out.weight", h, h, Normal), Declare.Bias("attention.out.bias", h),
            Declare.Gain("attention.norm.weight", h), Declare.Bias("attention.norm.bias", h),
            Declare.Matrix("mlp.up.weight", 4 * h, h, Normal), Declare.Bias("mlp.up.bias", 4 * h),
            Declare.Matrix("mlp.down.weight", h, 4 * h, Normal), Declare.Bias("mlp.down.bias", h),
            Declare.Gain("mlp.norm.weight", h), Declare.Bias("mlp.norm.bias", h));
    }

    private LayerLayout HeadLayout() => LayerLayout.Of(Spec.Blocks + 1, "head",
        Declare.Matrix("hidden.weight", _hidden, _hidden, Normal), Declare.Bias("hidden.bias", _hidden),
        Declare.Gain("norm.weight", _hidden), Declare.Bias("norm.bias", _hidden),
        Declare.Matrix("weight", Spec.Vocabulary, _hidden, Normal) with { Tie = new TiedTo(0, 0) }, Declare.Bias("bias", Spec.Vocabulary));
}
