using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Planning.Explaining;

/// <summary>What a forecast says of one coming interval, in a few numbers.</summary>
/// <param name="Interval">Which, from 0: the one that begins now.</param>
/// <param name="MeanAvailable">Expected instances.</param>
/// <param name="LowAvailable">As few instances or fewer with a chance of at least 10 %.</param>
/// <param name="MedianAvailable">As few or fewer with a chance of at least 50 %.</param>
/// <param name="HighAvailable">As few or fewer with a chance of at least 90 %.</param>
/// <param name="MeanLost">Expected losses.</param>
/// <param name="HighLost">As few losses or fewer with a chance of at least 90 %.</param>
/// <param name="LossChance">Chance that anything is lost.</param>
public sealed record ForecastBand(
    int Interval, double MeanAvailable, int LowAvailable, int MedianAvailable, int HighAvailable, double MeanLost, int HighLost, double LossChance)
{
    /// <summary>The numbers of a forecast's interval.</summary>
    public static ForecastBand Of(int interval, IntervalForecast forecast)
    {
        ArgumentNullException.ThrowIfNull(forecast);
        double[] available = forecast.Available, lost = forecast.Lost;
        return new ForecastBand(
            interval, forecast.MeanAvailable, Quantile(available, 0.1), Quantile(available, 0.5), Quantile(available, 0.9),
            lost.Select((p, k) => p * k).Sum(), Quantile(lost, 0.9), Math.Max(0, 1 - lost[0]));
    }

    private static int Quantile(double[] distribution, double share)
    {
        double sum = 0, total = distribution.Sum();
        for (int n = 0; n < distribution.Length; n++)
        {
            sum += distribution[n];
            if (sum >= (share * total) - 1e-12) return n;
        }

        return distribution.Length - 1;
    }
}
