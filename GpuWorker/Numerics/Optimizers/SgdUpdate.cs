using System.Numerics;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>Stochastic gradient descent with momentum, as Torch has it: weight decay is added to the gradient, v = momentum v + g, p = p - rate v.</summary>
/// <param name="training">The coefficients.</param>
/// <param name="scale">Makes the summed gradient the clipped mean one.</param>
/// <param name="rate">The learning rate.</param>
internal sealed class SgdUpdate(TrainingSpec training, double scale, double rate) : LayerUpdate(training.MicroBatches)
{
    private readonly float _scale = (float)scale, _rate = (float)rate, _momentum = (float)training.Momentum, _decay = (float)training.WeightDecay;

    protected override void Train(ParameterSlice slice, Span<float> parameters, Span<float> first, Span<float> second, ReadOnlySpan<float> gradient)
    {
        float decay = slice.Decays ? _decay : 0;
        Span<Vector<float>> p = Vectors(parameters), v = Vectors(first);
        var g = Vectors(gradient);
        for (int i = 0; i < g.Length; i++)
        {
            var mean = g[i] * _scale + p[i] * decay;
            if (v.Length > 0) v[i] = mean = v[i] * _momentum + mean;
            p[i] -= mean * _rate;
        }

        for (int i = g.Length * Vector<float>.Count; i < gradient.Length; i++)
        {
            float mean = gradient[i] * _scale + parameters[i] * decay;
            if (first.Length > 0) first[i] = mean = first[i] * _momentum + mean;
            parameters[i] -= mean * _rate;
        }
    }

    protected override void Train(IReadOnlyList<(ParameterSlice Parameter, long From)> slices, Tensor[] tensors, Tensor gradient)
    {
        var mean = gradient.Times(_scale);
        foreach (var (parameter, from) in slices)
            mean.narrow(0, from, parameter.Length).PlusInPlace(tensors[0].narrow(0, from, parameter.Length).Times(parameter.Decays ? _decay : 0));
        if (tensors.Length > 1) mean = tensors[1].TimesInPlace(_momentum).PlusInPlace(mean);
        tensors[0].MinusInPlace(mean.Times(_rate));
    }
}
