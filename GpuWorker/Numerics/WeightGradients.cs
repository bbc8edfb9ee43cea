using Parcae.GpuWorker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>A layer's gradient of one micro-batch in the making: what autograd gave is written, the products of matrices are still to be computed.</summary>
internal sealed class WeightGradients(LayerLayout layout, Tensor flat) : IDisposable
{
    private readonly List<(int Weight, Tensor Input, Tensor OutputGradient)> _products = [];
    private readonly bool[] _written = new bool[layout.Parameters.Count];

    /// <summary>The layer's flat gradient.</summary>
    public Tensor Flat => flat;

    /// <summary>Notes a product <c>y = x W^T</c>. Takes handles of its own.</summary>
    /// <param name="weight">Position of W.</param>
    /// <param name="input">x, <c>[..., in]</c>.</param>
    /// <param name="outputGradient">Gradient of y, <c>[..., out]</c>.</param>
    public void Add(int weight, Tensor input, Tensor outputGradient) =>
        _products.Add((weight, input.detach().DetachFromDisposeScope(), outputGradient.detach().DetachFromDisposeScope()));

    /// <summary>Writes a gradient that is known.</summary>
    public void Write(int parameter, Tensor gradient)
    {
        using var target = Target(parameter);
        if (_written[parameter]) target.PlusInPlace(gradient);
        else target.copy_(gradient);
        _written[parameter] = true;
    }

    /// <summary>Computes what is left: W's gradient is the output's, transposed, times the input. Parameters that nothing depends on get zeros.</summary>
    public void Compute()
    {
        using var noGrad = no_grad();
        foreach (var (weight, input, outputGradient) in _products)
        {
            using var scope = NewDisposeScope();
            var (x, dy) = (input.reshape(-1, input.shape[^1]), outputGradient.reshape(-1, outputGradient.shape[^1]));
            if (x.dtype != ScalarType.Float32)
            {
                Write(weight, dy.t().mm(x));
                continue;
            }

            // Straight into the flat gradient.
            Target(weight).addmm_(dy.t(), x, beta: _written[weight] ? 1 : 0, alpha: 1);
            _written[weight] = true;
        }

        for (int i = 0; i < _written.Length; i++)
        {
            if (_written[i]) continue;
            using var target = Target(i);
            target.zero_();
        }
    }

    public void Dispose()
    {
        foreach (var (_, input, outputGradient) in _products)
        {
            input.Dispose();
            outputGradient.Dispose();
        }

        _products.Clear();
    }

    private Tensor Target(int parameter)
    {
        var slice = layout.Parameters[parameter];
        using var narrow = flat.narrow(0, slice.Offset, slice.Length);
        return narrow.view(slice.Shape);
    }
}
