using Parcae.Liveput.Forecasting;

namespace Parcae.Cli.Plots;

/// <summary>What one forecaster said, to be laid over what came.</summary>
/// <param name="Name">Of the forecaster.</param>
/// <param name="Note">A figure or two about it, empty for none.</param>
/// <param name="Runs">Each run is drawn as one piece: all one-step-ahead forecasts are a single run, a fan is one run per time at which it was made.</param>
internal sealed record ForecastTrack(string Name, string Note, IReadOnlyList<IReadOnlyList<ForecastPoint>> Runs);

/// <summary>A forecast for one interval: the mean and the central bands, counts of instances.</summary>
/// <param name="Interval">Index of the interval that it is for.</param>
/// <param name="Mean">Expected count at its end.</param>
/// <param name="Band50">Where half of the probability lies: from the 25 % quantile to the 75 % quantile.</param>
/// <param name="Band80">From 10 % to 90 %.</param>
/// <param name="Band95">From 2.5 % to 97.5 %.</param>
internal readonly record struct ForecastPoint(int Interval, double Mean, ForecastBand Band50, ForecastBand Band80, ForecastBand Band95)
{
    /// <summary>Of a distribution.</summary>
    public static ForecastPoint Of(int interval, IntervalForecast forecast)
    {
        ForecastBand Band(double share) => new(Quantile(forecast.Available, (1 - share) / 2), Quantile(forecast.Available, (1 + share) / 2));
        return new ForecastPoint(interval, forecast.MeanAvailable, Band(0.5), Band(0.8), Band(0.95));
    }

    /// <summary>The least count at which the cumulated probability reaches a share; rounding errors of the sum do not count.</summary>
    internal static int Quantile(double[] distribution, double share)
    {
        double sum = 0;
        for (int n = 0; n < distribution.Length; n++)
        {
            sum += distribution[n];
            if (sum >= share - 1e-9) return n;
        }

        return distribution.Length - 1;
    }
}

/// <summary>A band of counts, both ends included.</summary>
internal readonly record struct ForecastBand(double Low, double High);
