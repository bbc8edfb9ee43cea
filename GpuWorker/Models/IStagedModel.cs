using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// A model as a sequence of layers that can be cut anywhere. It owns no tensors: parameters come in with every call, so that a layer's state
/// can live in flat tensors that move between workers as they are.
/// </summary>
public interface IStagedModel
{
    /// <summary>What the model was built from.</summary>
    ModelSpec Spec { get; }

    /// <summary>Layers that can be dealt to stages.</summary>
    int LayerCount { get; }

    /// <summary>Where each parameter of a layer lies in the layer's flat tensors.</summary>
    LayerLayout Layout(int layer);

    /// <summary>Runs one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="parameters">The layer's parameters in the order and shapes of <see cref="Layout"/>.</param>
    /// <param name="input">int64 tokens <c>[microBatch, sequence]</c> for layer 0, else float32 <c>[microBatch, sequence, hidden]</c>.</param>
    /// <param name="dropout">Applied where the model has dropout.</param>
    /// <returns>float32 <c>[microBatch, sequence, hidden]</c>; logits <c>[microBatch, sequence, vocabulary]</c> from the last layer.</returns>
    Tensor Forward(int layer, IReadOnlyList<Tensor> parameters, Tensor input, Dropout dropout);

    /// <summary>Mean cross-entropy per token, a float64 scalar.</summary>
    /// <param name="logits">What the last layer gives.</param>
    /// <param name="targets">int64 <c>[microBatch, sequence]</c>.</param>
    Tensor Loss(Tensor logits, Tensor targets);
}

/// <summary>How a parameter begins.</summary>
/// <param name="Mean">Mean of its elements.</param>
/// <param name="Deviation">Standard deviation; 0: every element is the mean.</param>
public readonly record struct Initial(float Mean, double Deviation);

/// <summary>One parameter of a layer.</summary>
/// <param name="Name">Such as <c>attention.qkv.weight</c>.</param>
/// <param name="Shape">Its shape; matrices as <c>[out, in]</c>.</param>
/// <param name="Initial">How it begins.</param>
/// <param name="Offset">Where it begins in the layer's flat tensors, in elements.</param>
public sealed record ParameterSlice(string Name, long[] Shape, Initial Initial, long Offset)
{
    /// <summary>Number of elements.</summary>
    public long Length => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Whether weight decay applies: to matrices, not to biases and norms.</summary>
    public bool Decays => Shape.Length > 1;
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
    public static LayerLayout Of(int layer, string name, params (string Name, Initial Initial, long[] Shape)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var slices = new List<ParameterSlice>(parameters.Length);
        long offset = 0;
        foreach (var (parameter, initial, shape) in parameters)
        {
            slices.Add(new ParameterSlice(parameter, shape, initial, offset));
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
