namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>Logistic regression learnt one observation at a time (an extended Kalman filter over its weights), with a prior and slow forgetting.</summary>
internal sealed class HazardRegression
{
    private readonly double[] _weights, _covariance, _gain;
    private readonly double _noise;

    /// <summary>A regression that knows only its prior.</summary>
    /// <param name="prior">Prior means of the weights, <c>[n]</c>.</param>
    /// <param name="deviations">Their prior standard deviations, <c>[n]</c>.</param>
    /// <param name="noise">Variance that each weight gains with every observation: how fast old ones fade.</param>
    public HazardRegression(ReadOnlySpan<double> prior, ReadOnlySpan<double> deviations, double noise)
    {
        (_weights, _covariance, _gain, _noise) = (prior.ToArray(), new double[prior.Length * prior.Length], new double[prior.Length], noise);
        for (int i = 0; i < prior.Length; i++) _covariance[(i * prior.Length) + i] = deviations[i] * deviations[i];
    }

    /// <summary>Chance of an event at the weights' means.</summary>
    public double Chance(ReadOnlySpan<double> features) => 1 / (1 + Math.Exp(-Sum(features)));

    /// <summary>Takes an observation in.</summary>
    public void Learn(ReadOnlySpan<double> features, bool happened)
    {
        int n = _weights.Length;
        double chance = Chance(features), spread = chance * (1 - chance), variance = 0;
        for (int i = 0; i < n; i++)
        {
            double sum = 0;
            for (int j = 0; j < n; j++) sum += _covariance[(i * n) + j] * features[j];
            _gain[i] = sum;
            variance += sum * features[i];
        }

        double scale = 1 / (1 + (spread * variance)), error = (happened ? 1 : 0) - chance;
        for (int i = 0; i < n; i++)
        {
            _weights[i] += scale * error * _gain[i];
            for (int j = 0; j < n; j++) _covariance[(i * n) + j] -= scale * spread * _gain[i] * _gain[j];
            _covariance[(i * n) + i] += _noise;
        }
    }

    private double Sum(ReadOnlySpan<double> features)
    {
        double sum = 0;
        for (int i = 0; i < _weights.Length; i++) sum += _weights[i] * features[i];
        return Math.Clamp(sum, -12, 12);
    }
}
