using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Forecasts as people see them: a mean in a band.</summary>
internal static class ForecastBands
{
    /// <summary>Chance of less than the band, and of more.</summary>
    private const double Outside = 0.1;

    /// <summary>The bands of a forecast, one an interval.</summary>
    public static ForecastBand[] Of(AvailabilityForecast forecast) =>
        [.. forecast.Intervals.Select(i => new ForecastBand(i.MeanAvailable, ForecastScores.Quantile(i.Available, Outside), ForecastScores.Quantile(i.Available, 1 - Outside)))];
}
