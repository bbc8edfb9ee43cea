using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>What a parameter is for, which says how it is treated.</summary>
public enum ParameterRole
{
    /// <summary>A bias or a norm's gain: float32, no weight decay.</summary>
    Vector,

    /// <summary>A table that rows are looked up in: float32, decays.</summary>
    Table,

    /// <summary>A factor of matrix products or a convolution's kernel: decays, and is bfloat16 in the forward pass where the job asks for that.</summary>
    Matrix,

    /// <summary>A running statistic: not trained by gradients, but an exponential mean over all micro-batches, in their order (see <see cref="LayerPass.Observe"/>).</summary>
    Statistic,
}

/// <summary>How a parameter begins.</summary>
/// <param name="Mean">Mean of its elements.</param>
/// <param name="Deviation">Standard deviation of a normal distribution; 0: every element is the mean.</param>
public readonly record struct Initial(float Mean, double Deviation)
{
    /// <summary>All zeros.</summary>
    public static Initial Zeros => new(0, 0);

    /// <summary>All ones.</summary>
    public static Initial Ones => new(1, 0);

    /// <summary>Normal with mean 0.</summary>
    public static Initial Normal(double deviation) => new(0, deviation);
}

/// <summary>The parameter of another, earlier layer that a parameter is a copy of: both always have the same value, trained by the sum of both gradients.</summary>
/// <param name="Layer">The layer that owns it.</param>
/// <param name="Parameter">Its position there.</param>
public readonly record struct TiedTo(int Layer, int Parameter);

/// <summary>A parameter as a model declares it.</summary>
/// <param name="Name">Such as <c>attention.qkv.weight</c>.</param>
/// <param name="Shape">Its shape; matrices as <c>[out, in]</c>.</param>
/// <param name="Initial">How it begins; that of its owner where it is tied.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Tie">What it is a copy of, or null.</param>
public sealed record ParameterDeclaration(string Name, long[] Shape, Initial Initial, ParameterRole Role, TiedTo? Tie = null);

/// <summary>One parameter of a layer.</summary>
/// <param name="Name">Such as <c>attention.qkv.weight</c>.</param>
/// <param name="Shape">Its shape; matrices as <c>[out, in]</c>.</param>
/// <param name="Initial">How it begins.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Tie">What it is a copy of, or null.</param>
/// <param name="Offset">Where it begins in the layer's flat tensors, in elements.</param>
public sealed record ParameterSlice(string Name, long[] Shape, Initial Initial, ParameterRole Role, TiedTo? Tie, long Offset)
{
    /// <summary>Number of elements.</summary>
    public long Length => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Whether weight decay applies: to matrices and tables.</summary>
    public bool Decays => Role is ParameterRole.Matrix or ParameterRole.Table;

    /// <summary>Whether it counts towards the gradient norm: trained, and not a copy.</summary>
    public bool IsOwn => Tie is null && Role != ParameterRole.Statistic;
}

/// <summary>Where the parameters of a layer lie in its flat tensors: one after the other, without gaps.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Name">Such as <c>blocks.3</c>.</param>
/// <param name="Parameters">The parameters in order.</param>
public sealed record LayerLayout(int Layer, string Name, IReadOnlyList<ParameterSlice> Parameters)
{
    /// <summary>Elements of each flat tensor.</summary>
    public long Length { get; } = Parameters.Sum(p => p.Length);

    /// <summary>Lays parameters out one after the other.</summary>
    public static LayerLayout Of(int layer, string name, params ReadOnlySpan<ParameterDeclaration> parameters)
    {
        var slices = new List<ParameterSlice>(parameters.Length);
        long offset = 0;
        foreach (var p in parameters)
        {
            slices.Add(new ParameterSlice(p.Name, p.Shape, p.Initial, p.Role, p.Tie, offset));
            offset += slices[^1].Length;
        }

        return new LayerLayout(layer, name, slices);
    }

    /// <summary>The parameters as views into a flat tensor of <see cref="Length"/> elements.</summary>
    public Tensor[] Views(Tensor flat)
    {
        ArgumentNullException.ThrowIfNull(flat);
        return [.. Parameters.Select(p =>
        {
            using var slice = flat.narrow(0, p.Offset, p.Length);
            return slice.view(p.Shape);
        })];
    }
}
