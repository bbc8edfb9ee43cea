namespace Parcae.Liveput.Forecasting;

/// <summary>Forecasts of models that know means and deviations of counts alone.</summary>
internal static class NormalForecast
{
    /// <summary>Counts rounded from normal distributions. Losses are as many as persistence expects, or as many as the mean falls by, whichever is more.</summary>
    public static AvailabilityForecast Of(
        double[] means, double[] deviations, IReadOnlyList<AvailabilityInterval> history, PersistenceForecaster persistence, int? maxInstances)
    {
        int now = history[^1].Available;
        int highest = maxInstances is { } bound ? Math.Max(bound, now) : int.MaxValue - 1;
        double hazard = persistence.Hazard(history), before = now;
        var intervals = new IntervalForecast[means.Length];
        double[]? usual = null;
        for (int h = 0; h < means.Length; h++)
        {
            double mean = Math.Clamp(means[h], 0, highest), fall = before - mean;
            bool falls = fall > hazard * now;
            intervals[h] = new IntervalForecast
            {
                Available = Distributions.Normal(means[h], deviations[h], highest),
                Lost = falls ? persistence.LostOf(now, Math.Min(0.99, fall / now)) : usual ??= persistence.LostOf(now, hazard),
            };
            before = mean;
        }

        return new AvailabilityForecast(intervals);
    }
}
