using Parcae.Grains;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// ResNet of bottleneck blocks (He et al. 2016, table 1): a stem, four groups of blocks, and a head that averages and classifies; each of them is a layer. Images above
/// 64 pixels get the published stem (7x7, stride 2, max pooling), smaller ones a 3x3 convolution that keeps their size. As is usual since, a group halves the
/// image in its first block's 3x3 convolution, and the last norm of every block begins with gain 0, so that a block begins as the identity (Goyal et al. 2017,
/// section 5.1). Dropout, where the spec asks for it, acts on the pooled features.
/// </summary>
public sealed class ResNet : IStagedModel
{
    private const int Expansion = 4;
    private const int LargestSmallImage = 64;

    // A convolution and its norm take five places in a layout; a block has three of them and one more where its shortcut is projected.
    private const int Unit = 5, Reduce = 0, Spatial = Unit, Expand = 2 * Unit, Projection = 3 * Unit;

    private readonly Block[] _blocks;
    private readonly LayerLayout[] _layouts;

    /// <summary>Builds the model.</summary>
    /// <exception cref="ArgumentException">The spec is not one of a ResNet; the message names the value.</exception>
    public ResNet(ModelSpec spec)
    {
        Require.Images(spec);
        var groups = string.Join(", ", spec.GroupBlocks);
        Require.That(spec.GroupBlocks.Length == 4 && spec.GroupBlocks.All(b => b >= 1), "groupBlocks", groups, "four numbers of at least 1");
        Require.That(spec.ImageSize >= 8, "imageSize", spec.ImageSize, "at least 8");
        Spec = spec;
        _blocks = [.. Blocks(spec)];
        _layouts = [StemLayout(), .. _blocks.Select(BlockLayout), HeadLayout()];
    }

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public string Description =>
        $"ResNet-{3 * _blocks.Length + 2}, width {Spec.Width}, images {Spec.ImageSize} x {Spec.ImageSize} x {Spec.Channels}, {Spec.Classes} classes";

    /// <inheritdoc/>
    public int LayerCount => _layouts.Length;

    private int Head => LayerCount - 1;

    private bool HasLargeStem => Spec.ImageSize > LargestSmallImage;

    private long Features => _blocks[^1].To;

    /// <inheritdoc/>
    public LayerLayout Layout(int layer) => _layouts[layer];

    /// <inheritdoc/>
    public long[] OutputShape(int layer)
    {
        if (layer == Head) return [Spec.Classes];
        if (layer == 0) return [_blocks[0].From, _blocks[0].SizeIn, _blocks[0].SizeIn];
        var block = _blocks[layer - 1];
        return [block.To, block.SizeOut, block.SizeOut];
    }

    /// <inheritdoc/>
    public double ForwardFlops(int layer)
    {
        if (layer == Head) return 2.0 * Features * Spec.Classes;
        // Each of a kernel's weights meets every position of what the convolution gives.
        double reads = 0;
        for (int at = 0; at < _layouts[layer].Parameters.Count; at += Unit)
        {
            double size = layer == 0 ? StemSize(Spec) : at == Reduce ? _blocks[layer - 1].SizeIn : _blocks[layer - 1].SizeOut;
            reads += _layouts[layer].Parameters[at].Length * size * size;
        }

        return 2 * reads;
    }

    /// <inheritdoc/>
    public long ActivationBytes(int layer)
    {
        const long F = sizeof(float);
        if (layer == Head) return F * (Features * Area(_blocks[^1].SizeOut) + Features * (Spec.Dropout > 0 ? 2 : 1) + 2 * Spec.Classes);
        if (layer == 0)
        {
            // The image and the convolution's output; where a pool follows, also its input and which values it took.
            long images = F * Spec.Channels * Area(Spec.ImageSize), convolved = F * Spec.Width * Area(StemSize(Spec));
            return images + convolved + (HasLargeStem ? convolved + sizeof(long) * Spec.Width * Area(_blocks[0].SizeIn) : 0);
        }

        // The block's input; the first two convolutions' outputs before and after norm and activation function; the other convolutions' outputs.
        var block = _blocks[layer - 1];
        long into = Area(block.SizeIn), from = Area(block.SizeOut);
        return F * (block.From * into + 2 * block.Width * (into + from) + (block.Projects ? 2 : 1) * block.To * from);
    }

    /// <inheritdoc/>
    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        if (layer == 0) return Stem(pass, input);
        if (layer == Head) return pass.Linear(pass.Dropout(input.mean([2, 3])), 0, 1).to(ScalarType.Float32);
        var block = _blocks[layer - 1];
        var x = relu(Convolution(pass, input, Reduce));
        x = relu(Convolution(pass, x, Spatial, block.Stride, padding: 1));
        x = Convolution(pass, x, Expand);
        return relu(x.Plus(block.Projects ? Convolution(pass, input, Projection, block.Stride) : input));
    }

    /// <summary>Mean cross-entropy.</summary>
    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    private Tensor Stem(LayerPass pass, Tensor images) => HasLargeStem
        ? max_pool2d(relu(Convolution(pass, images, 0, stride: 2, padding: 3)), 3, 2, 1)
        : relu(Convolution(pass, images, 0, padding: 1));

    // A convolution and its norm.
    private static Tensor Convolution(LayerPass pass, Tensor x, int at, long stride = 1, long padding = 0) =>
        pass.BatchNorm(pass.Convolution(x, at, stride, padding), at + 1, at + 2, at + 3, at + 4);

    private static IEnumerable<Block> Blocks(ModelSpec spec)
    {
        long from = spec.Width, size = spec.ImageSize > LargestSmallImage ? Halved(StemSize(spec)) : StemSize(spec);
        for (int group = 0; group < spec.GroupBlocks.Length; group++)
        {
            for (int i = 0; i < spec.GroupBlocks[group]; i++)
            {
                var block = new Block($"groups.{group}.{i}", from, (long)spec.Width << group, size, group > 0 && i == 0 ? 2 : 1);
                yield return block;
                (from, size) = (block.To, block.SizeOut);
            }
        }
    }

    private static long StemSize(ModelSpec spec) => spec.ImageSize > LargestSmallImage ? Halved(spec.ImageSize) : spec.ImageSize;

    private static long Halved(long size) => (size + 1) / 2;

    private static long Area(long size) => size * size;

    private LayerLayout StemLayout() => LayerLayout.Of(0, "stem", [.. UnitOf("stem", Spec.Width, Spec.Channels, HasLargeStem ? 7 : 3)]);

    private LayerLayout BlockLayout(Block block, int index) => LayerLayout.Of(index + 1, block.Name,
    [
        .. UnitOf("reduce", block.Width, block.From, 1),
        .. UnitOf("spatial", block.Width, block.Width, 3),
        .. UnitOf("expand", block.To, block.Width, 1, Initial.Zeros),
        .. block.Projects ? UnitOf("projection", block.To, block.From, 1) : [],
    ]);

    private LayerLayout HeadLayout() => LayerLayout.Of(_blocks.Length + 1, "head",
        Declare.Matrix("weight", Spec.Classes, Features, Initial.Normal(0.01)), Declare.Bias("bias", Spec.Classes));

    private static ParameterDeclaration[] UnitOf(string name, long to, long from, long size, Initial? gain = null) =>
    [
        Declare.Kernel($"{name}.weight", to, from, size, Declare.Kaiming(size * size * to)),
        Declare.Gain($"{name}.norm.weight", to, gain), Declare.Bias($"{name}.norm.bias", to),
        Declare.Statistic($"{name}.norm.mean", to, Initial.Zeros), Declare.Statistic($"{name}.norm.variance", to, Initial.Ones),
    ];

    /// <summary>A bottleneck block.</summary>
    /// <param name="Name">Such as <c>groups.2.0</c>.</param>
    /// <param name="From">Channels that come in.</param>
    /// <param name="Width">Channels of the 3x3 convolution.</param>
    /// <param name="SizeIn">Height and width that come in.</param>
    /// <param name="Stride">2 where the block halves them.</param>
    private sealed record Block(string Name, long From, long Width, long SizeIn, int Stride)
    {
        public long To => Expansion * Width;

        public long SizeOut => Stride == 2 ? Halved(SizeIn) : SizeIn;

        public bool Projects => From != To || Stride > 1;
    }
}
