using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// VGG-19 (Simonyan and Zisserman 2015, configuration E): sixteen 3x3 convolutions in five groups, each group with a max pool behind it, and three fully connected
/// layers with dropout behind the first two; each of the nineteen is a layer. No batch normalisation, as published. The published widths are multiples of
/// <see cref="ModelSpec.Width"/> and of <see cref="ModelSpec.Hidden"/>. Initial values after He et al. 2015 (equation 10), which need no shallower network to begin from.
/// </summary>
/// <remarks>Pooled maps of at least 7 x 7 are averaged down to that, as the published one for 224 pixels is; smaller ones (1 x 1 for 32 pixels) are taken as they are.</remarks>
public sealed class Vgg : IStagedModel
{
    private const int LargestMap = 7;
    private const int Classifiers = 3;

    // Configuration E: convolutions of each group, and their channels in multiples of the width.
    private static readonly (int Convolutions, int Width)[] Groups = [(2, 1), (2, 2), (4, 4), (4, 8), (4, 8)];
    private static readonly int SmallestImage = 1 << Groups.Length;

    private readonly Convolution[] _convolutions;
    private readonly LayerLayout[] _layouts;
    private readonly long _map;

    /// <summary>Builds the model.</summary>
    /// <exception cref="ArgumentException">The spec is not one of a VGG; the message names the value.</exception>
    public Vgg(ModelSpec spec)
    {
        Require.Images(spec);
        Require.That(spec.Hidden >= 1, "hidden", spec.Hidden, "at least 1");
        Require.That(spec.ImageSize >= SmallestImage, "imageSize", spec.ImageSize,
            $"at least {SmallestImage}: five pools halve an image, and nothing would be left of a smaller one");
        Spec = spec;
        _convolutions = [.. Convolutions(spec)];
        _map = Math.Min(LargestMap, _convolutions[^1].SizeOut);
        _layouts = [.. _convolutions.Select(ConvolutionLayout), .. Enumerable.Range(0, Classifiers).Select(ClassifierLayout)];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public string Description =>
        $"VGG-{LayerCount}, width {Spec.Width}, fully connected {Spec.Hidden}, images {Spec.ImageSize} x {Spec.ImageSize} x {Spec.Channels}, {Spec.Classes} classes";

    /// <inheritdoc/>
    public int LayerCount => _layouts.Length;

    private long Features => _convolutions[^1].To * _map * _map;

    /// <inheritdoc/>
    public LayerLayout Layout(int layer) => _layouts[layer];

    /// <inheritdoc/>
    public long[] OutputShape(int layer)
    {
        if (layer >= _convolutions.Length) return [ClassifierShape(layer - _convolutions.Length).To];
        var convolution = _convolutions[layer];
        return [convolution.To, convolution.SizeOut, convolution.SizeOut];
    }

    /// <inheritdoc/>
    public double ForwardFlops(int layer)
    {
        // Each weight meets every position of what the layer gives.
        double size = layer < _convolutions.Length ? _convolutions[layer].Size : 1;
        return 2 * _layouts[layer].Parameters[0].Length * size * size;
    }

    /// <inheritdoc/>
    public long ActivationBytes(int layer)
    {
        const long F = sizeof(float);
        if (layer < _convolutions.Length)
        {
            // The input; where a pool follows, also its input and which values it took.
            var c = _convolutions[layer];
            return F * c.From * c.Size * c.Size + (c.IsPooled ? F * c.To * c.Size * c.Size + sizeof(long) * c.To * c.SizeOut * c.SizeOut : 0);
        }

        // The input (averaged, the first one's twice: as it came and as it is taken); the product's output; what comes of the activation function, or the softmax.
        int classifier = layer - _convolutions.Length;
        var (to, from) = ClassifierShape(classifier);
        long averaged = classifier == 0 && _convolutions[^1].SizeOut > _map ? _convolutions[^1].To * _convolutions[^1].SizeOut * _convolutions[^1].SizeOut : 0;
        bool drops = Spec.Dropout > 0 && classifier < Classifiers - 1;
        return F * (averaged + from + 2 * to + (drops ? to : 0));
    }

    /// <inheritdoc/>
    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        if (layer < _convolutions.Length)
        {
            var x = relu(pass.Convolution(input, 0, padding: 1).Plus(pass[1].view(1, -1, 1, 1)));
            return _convolutions[layer].IsPooled ? max_pool2d(x, 2) : x;
        }

        if (layer == _convolutions.Length) input = (input.shape[^1] > _map ? adaptive_avg_pool2d(input, [_map, _map]) : input).flatten(1);
        var y = pass.Linear(input, 0, 1).to(ScalarType.Float32);
        return layer == LayerCount - 1 ? y : pass.Dropout(relu(y));
    }

    /// <summary>Mean cross-entropy.</summary>
    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    private static IEnumerable<Convolution> Convolutions(ModelSpec spec)
    {
        long from = spec.Channels, size = spec.ImageSize;
        for (int group = 0; group < Groups.Length; group++)
        {
            for (int i = 0; i < Groups[group].Convolutions; i++)
            {
                var convolution = new Convolution($"groups.{group}.{i}", from, (long)spec.Width * Groups[group].Width, size, i == Groups[group].Convolutions - 1);
                yield return convolution;
                (from, size) = (convolution.To, convolution.SizeOut);
            }
        }
    }

    private (long To, long From) ClassifierShape(int index) => (index == Classifiers - 1 ? Spec.Classes : Spec.Hidden, index == 0 ? Features : Spec.Hidden);

    private static LayerLayout ConvolutionLayout(Convolution convolution, int layer) => LayerLayout.Of(layer, convolution.Name,
        Declare.Kernel("weight", convolution.To, convolution.From, 3, Declare.Kaiming(9 * convolution.From)), Declare.Bias("bias", convolution.To));

    private LayerLayout ClassifierLayout(int index)
    {
        var (to, from) = ClassifierShape(index);
        var initial = index == Classifiers - 1 ? Initial.Normal(0.01) : Declare.Kaiming(from);
        return LayerLayout.Of(_convolutions.Length + index, $"classifier.{index}", Declare.Matrix("weight", to, from, initial), Declare.Bias("bias", to));
    }

    /// <summary>A convolution with its activation function, and the pool where one follows.</summary>
    /// <param name="Name">Such as <c>groups.2.0</c>.</param>
    /// <param name="From">Channels that come in.</param>
    /// <param name="To">Channels that go out.</param>
    /// <param name="Size">Height and width that come in.</param>
    /// <param name="IsPooled">Whether a pool follows, which halves them.</param>
    private sealed record Convolution(string Name, long From, long To, long Size, bool IsPooled)
    {
        public long SizeOut => IsPooled ? Size / 2 : Size;
    }
}
