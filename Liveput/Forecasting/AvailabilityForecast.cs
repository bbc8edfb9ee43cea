namespace Parcae.Liveput.Forecasting;

/// <summary>One interval of history: counts of worker instances.</summary>
/// <param name="Available">Usable at its end.</param>
/// <param name="Joined">Became usable in it.</param>
/// <param name="Lost">Stopped being usable in it.</param>
public readonly record struct AvailabilityInterval(int Available, int Joined, int Lost);

/// <summary>A distribution over what one coming interval brings.</summary>
public sealed record IntervalForecast
{
    /// <summary>Probability of each count of usable instances, <c>[0 .. max]</c>, summing to 1.</summary>
    public required double[] Available { get; init; }

    /// <summary>Probability that k of the instances in use or spare are lost during the interval, <c>[0 .. max]</c>, summing to 1.</summary>
    public required double[] Lost { get; init; }

    /// <summary>
    /// Probability that k instances become usable when n are left after the losses, <c>[n][k]</c>, each row summing to 1, null for an n that does not come up; the losses are the same for every count. Null where the forecaster
    /// knows only the counts.
    /// </summary>
    public double[]?[]? Joined { get; init; }

    /// <summary>Mean of <see cref="Available"/>.</summary>
    public double MeanAvailable
    {
        get
        {
            double mean = 0;
            for (int n = 0; n < Available.Length; n++) mean += n * Available[n];
            return mean;
        }
    }
}

/// <summary>A forecast: one distribution per coming interval.</summary>
/// <param name="Intervals">The first entry is the interval that begins now.</param>
public sealed record AvailabilityForecast(IReadOnlyList<IntervalForecast> Intervals);

/// <summary>Forecasts availability from what has been seen (the paper, section 5.2).</summary>
public interface IAvailabilityForecaster
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>A distribution for each of the next <paramref name="horizon"/> intervals.</summary>
    /// <param name="history">Oldest first; never empty.</param>
    /// <param name="horizon">At least 1.</param>
    AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon);
}
