using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>
/// A model of a table, a layer without parameters, and a head, whose answers a test may spoil. What it hands on has strides that nobody would expect, and so has
/// the gradient of its head's input. A plug-in with it is of this assembly.
/// </summary>
public class DoubtfulModel(ModelSpec spec) : IStagedModel
{
    public static LayerLayout[] GoodLayouts =>
    [
        LayerLayout.Of(0, "table", Declare.Table("weight", 24, 6, Initial.Normal(0.5)), Declare.Bias("bias", 6)),
        LayerLayout.Of(1, "nothing"),
        LayerLayout.Of(2, "head", Declare.Matrix("weight", 24, 6, Initial.Normal(0.1)) with { Tie = new TiedTo(0, 0) }, Declare.Bias("bias", 24)),
    ];

    public LayerLayout[] Layouts { get; init; } = GoodLayouts;

    public ModelSpec Spec => spec;

    public string Description { get; init; } = "a doubtful model";

    public int LayerCount { get; init; } = 3;

    public Func<int, long[]>? Shapes { get; init; }

    public double Flops { get; init; } = 1;

    public long Bytes { get; init; } = 1;

    public LayerLayout Layout(int layer) => Layouts[layer];

    public long[] OutputShape(int layer) => Shapes is null ? [spec.SequenceLength, layer == 2 ? 24 : 6] : Shapes(layer);

    public double ForwardFlops(int layer) => Flops;

    public long ActivationBytes(int layer) => Bytes;

    public Tensor Forward(int layer, LayerPass pass, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(pass);
        ArgumentNullException.ThrowIfNull(input);
        return layer switch
        {
            0 => Transposed(pass[0].index_select(0, input.view(-1)).view([.. input.shape, 6]) + pass[1]),
            1 => Transposed(pass.Dropout(input.tanh())),
            // Its gradient is one vector that stands for every position.
            _ => pass.Linear(input + input.mean([1], keepdim: true), 0, 1).to(ScalarType.Float32),
        };
    }

    public Tensor Loss(Tensor output, Tensor targets) => Losses.CrossEntropy(output, targets);

    // The same values, the positions side by side in memory.
    private static Tensor Transposed(Tensor x) => x.transpose(1, 2).contiguous().transpose(1, 2);
}
