using System.Numerics;
using Parcae.GpuWorker.Models;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019): decoupled weight decay, bias-corrected moments. The correction goes by the version, so a skipped step counts for it.
/// </summary>
internal sealed class AdamWUpdate : LayerUpdate
{
    private readonly float _scale, _beta1, _oneMinusBeta1, _beta2, _oneMinusBeta2, _stepSize, _secondCorrection, _epsilon, _keepOfMatrices;

    /// <param name="training">The coefficients.</param>
    /// <param name="scale">Makes the summed gradient the clipped mean one.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="next">The version that the step makes.</param>
    public AdamWUpdate(TrainingSpec training, double scale, double rate, int next) : base(training.MicroBatches)
    {
        _scale = (float)scale;
        (_beta1, _oneMinusBeta1) = ((float)training.Beta1, (float)(1 - training.Beta1));
        (_beta2, _oneMinusBeta2) = ((float)training.Beta2, (float)(1 - training.Beta2));
        _stepSize = (float)(rate / (1 - Math.Pow(training.Beta1, next)));
        _secondCorrection = (float)(1 / Math.Sqrt(1 - Math.Pow(training.Beta2, next)));
        _epsilon = (float)training.Epsilon;
        _keepOfMatrices = (float)(1 - rate * training.WeightDecay);
    }

    protected override void Train(ParameterSlice slice, Span<float> parameters, Span<float> first, Span<float> second, ReadOnlySpan<float> gradient)
    {
        float keep = slice.Decays ? _keepOfMatrices : 1;
        Span<Vector<float>> p = Vectors(parameters), m = Vectors(first), v = Vectors(second);
        var g = Vectors(gradient);
        for (int i = 0; i < g.Length; i++)
        {
            var mean = g[i] * _scale;
            m[i] = m[i] * _beta1 + mean * _oneMinusBeta1;
            v[i] = v[i] * _beta2 + mean * mean * _oneMinusBeta2;
            p[i] = p[i] * keep - m[i] * _stepSize / (Vector.SquareRoot(v[i]) * _secondCorrection + new Vector<float>(_epsilon));
        }

        for (int i = g.Length * Vector<float>.Count; i < gradient.Length; i++)
        {
            float mean = gradient[i] * _scale;
            first[i] = first[i] * _beta1 + mean * _oneMinusBeta1;
            second[i] = second[i] * _beta2 + mean * mean * _oneMinusBeta2;
            parameters[i] = parameters[i] * keep - first[i] * _stepSize / (MathF.Sqrt(second[i]) * _secondCorrection + _epsilon);
        }
    }

    protected override void Train(IReadOnlyList<(ParameterSlice Parameter, long From)> slices, Tensor[] tensors, Tensor gradient)
    {
        var (p, m, v) = (tensors[0], tensors[1], tensors[2]);
        var mean = gradient.Times(_scale);
        m.TimesInPlace(_beta1).PlusInPlace(mean.Times(_oneMinusBeta1));
        v.TimesInPlace(_beta2).PlusInPlace((mean * mean).TimesInPlace(_oneMinusBeta2));
        var step = m.Times(_stepSize).div_(v.sqrt().TimesInPlace(_secondCorrection).PlusInPlace(_epsilon));
        foreach (var (parameter, from) in slices)
        {
            if (parameter.Decays) p.narrow(0, from, parameter.Length).TimesInPlace(_keepOfMatrices);
        }

        p.MinusInPlace(step);
    }
}
