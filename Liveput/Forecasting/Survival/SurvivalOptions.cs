namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>How the survival forecaster reads the past.</summary>
/// <remarks>The defaults scored best on synthetic traces like those of the generators poisson, bursts, zones, day, selfexciting and shifting.</remarks>
public sealed record SurvivalOptions
{
    /// <summary>Most instances that there can be; null: no bound, though the greatest count of the past is seldom surpassed. The default value is null.</summary>
    public int? MaxInstances { get; init; }

    /// <summary>Intervals of the past that count. The default value is 1000.</summary>
    public int Window { get; init; } = 1000;

    /// <summary>Chance of any loss in an interval, long after the last, before anything has been seen. The default value is 0.05.</summary>
    public double PriorLossHazard { get; init; } = 0.05;

    /// <summary>Chance of any arrival in an interval, long after the last, with one instance missing, before anything has been seen. The default value is 0.1.</summary>
    public double PriorArrivalHazard { get; init; } = 0.1;

    /// <summary>Variance that the hazards' weights gain in an interval: how fast old observations fade. The default value is 0.001.</summary>
    public double Drift { get; init; } = 0.001;

    /// <summary>Weight of an event's size when the next is seen, in (0, 1]. The default value is 0.97.</summary>
    public double SizeMemory { get; init; } = 0.97;

    /// <summary>Standard deviation of the prior of every effect, in log odds. The default value is 1.</summary>
    public double EffectDeviation { get; init; } = 1;

    /// <summary>Greatest share of the sizes seen, smoothed, in the distribution of sizes; the rest is geometric. The default value is 0.25.</summary>
    public double SeenSizes { get; init; } = 0.25;
}
