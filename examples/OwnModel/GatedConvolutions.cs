using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace OwnModel;

/// <summary>
/// A language model without attention and recurrence: gated convolutions over the last few tokens (Dauphin et al. 2017, "Language modeling with gated convolutional
/// networks"), each on a residual branch behind a norm. Layers: the embedding; <see cref="ModelSpec.Blocks"/> blocks; norm and output head, which is the embedding again.
/// </summary>
/// <remarks>Its own setting, <c>kernel</c>, says how many tokens a convolution sees: the token itself and those before it.</remarks>
public sealed class GatedConvolutions : IStagedModel
{
    // Positions in a block's layout.
    private const int Norm = 0, Gated = 2;

    private readonly LayerLayout[] _layouts;
    private readonly long _hidden;
    private readonly int _kernel;

    /// <summary>Builds the model: sizes and layouts alone, no tensors.</summary>
    /// <exception cref="ArgumentException">The kernel is no number from 1 to the sequence length.</exception>
    public GatedConvolutions(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Spec = spec;
        _hidden = spec.Hidden;
        var kernel = spec.Settings.GetValueOrDefault("kernel", "4");
        if (!int.TryParse(kernel, out _kernel) || _kernel < 1 || _kernel > spec.SequenceLength)
            throw new ArgumentException($"model.settings.kernel: {kernel} is not valid; it must be a number from 1 to model.sequenceLength ({spec.SequenceLength}).");
        _layouts = [EmbeddingLayout(), .. Enumerable.Range(0, spec.Blocks).Select(BlockLayout), HeadLayout()];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public string Description => $"gated convolutions, {Spec.Blocks} blocks x {Spec.Hidden}, kernel {_kernel}, sequence {Spec.SequenceLength}, vocabulary {Spec.Vocabulary}";

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
        return layer == Head ? 2 * s * h * Spec.Vocabulary : 2 * s * (2 * h) * (_kernel * h);
    }

    /// <inheritdoc/>
    public long ActivationBytes(int layer)
    {
        long s = Spec.SequenceLength, residual = sizeof(float) * s * _hidden, mask = Spec.Dropout > 0 ? residual : 0;
        if (layer == 0) return sizeof(long) * s + mask;
        // Head: the norm's input and output, the logits and their softmax. A block: its input, what each position sees, value and gate, the opened gate.
        return layer == Head ? 2 * residual + 2 * sizeof(float) * s * Spec.Vocabulary : (_kernel + 4) * residual + mask;
    }

    /// <inheritdoc/>
    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        if (layer == 0) return pass.Dropout(pass[0].index_select(0, input.view(-1)).view([.. input.shape, _hidden]));
        // What the job's precision made bfloat16 is float32 again when it leaves the layer.
        if (layer == Head) return pass.Linear(Normalised(pass, input, 0), 2).to(ScalarType.Float32);
        var gated = pass.Linear(Seen(Normalised(pass, input, Norm)), Gated, Gated + 1).chunk(2, -1);
        return input.Plus(pass.Dropout(gated[0] * gated[1].sigmoid()));
    }

    /// <inheritdoc/>
    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    private Tensor Normalised(LayerPass pass, Tensor x, int gain) => layer_norm(x, [_hidden], pass[gain], pass[gain + 1]);

    // A convolution is a product with what each position sees, side by side: [batch, sequence, kernel * hidden]. Nobody sees what comes after.
    private Tensor Seen(Tensor x)
    {
        long sequence = x.shape[1];
        var padded = cat([zeros_like(x.narrow(1, 0, _kernel - 1)), x], 1);
        return cat([.. Enumerable.Range(0, _kernel).Select(shift => padded.narrow(1, shift, sequence))], -1);
    }

    private LayerLayout EmbeddingLayout() => LayerLayout.Of(0, "embedding", Declare.Table("token.weight", Spec.Vocabulary, _hidden, Initial.Normal(0.02)));

    private LayerLayout BlockLayout(int block) => LayerLayout.Of(block + 1, $"blocks.{block}",
        Declare.Gain("norm.weight", _hidden), Declare.Bias("norm.bias", _hidden),
        Declare.Matrix("gated.weight", 2 * _hidden, _kernel * _hidden, Initial.Normal(Math.Sqrt(1.0 / (_kernel * _hidden)))),
        Declare.Bias("gated.bias", 2 * _hidden));

    private LayerLayout HeadLayout() => LayerLayout.Of(Spec.Blocks + 1, "head",
        Declare.Gain("norm.weight", _hidden), Declare.Bias("norm.bias", _hidden),
        Declare.Matrix("weight", Spec.Vocabulary, _hidden, Initial.Normal(0.02)) with { Tie = new TiedTo(0, 0) });
}
