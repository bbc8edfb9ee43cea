namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>
/// Losses and arrivals as events whose hazards depend on how long ago the last ones were, learnt from the whole history, and carried forward exactly.
/// </summary>
/// <remarks>
/// The state carried from interval to interval is the joint distribution of the count, the age of the last loss and that of the last arrival: a loss makes the next one likelier, and so spreads
/// the counts more than independent intervals would. The priors were chosen on synthetic traces like those of the generators poisson, bursts, zones, day, selfexciting and shifting, never on a real one.
/// </remarks>
public sealed class SurvivalForecaster : IAvailabilityForecaster
{
    private const int Ages = FleetHazards.Ages;

    private readonly SurvivalOptions _options;

    /// <summary>A forecaster.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public SurvivalForecaster(SurvivalOptions? options = null)
    {
        _options = options ?? new SurvivalOptions();
        if (_options.MaxInstances is < 0) throw new ArgumentOutOfRangeException(nameof(options), _options.MaxInstances, "MaxInstances must be at least 0.");
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Window, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(_options.Drift, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.EffectDeviation, nameof(options));
        if (!(_options.PriorLossHazard is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.PriorLossHazard, "PriorLossHazard must be in (0, 1).");
        if (!(_options.PriorArrivalHazard is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.PriorArrivalHazard, "PriorArrivalHazard must be in (0, 1).");
        if (!(_options.SizeMemory is > 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.SizeMemory, "SizeMemory must be in (0, 1].");
        if (!(_options.SeenSizes is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(options), _options.SeenSizes, "SeenSizes must be in [0, 1].");
    }

    /// <inheritdoc/>
    public string Name => "survival";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (history.Count == 0) throw new ArgumentException("A forecast needs at least one interval of history.", nameof(history));
        var hazards = new FleetHazards(history, _options);
        int now = history[^1].Available;
        // Above the greatest count seen there is some room to grow into.
        int most = _options.MaxInstances is null ? hazards.Highest + 4 + (hazards.Highest / 4) : hazards.Highest;
        var chain = new FleetChain(hazards, now, most, _options.SeenSizes);
        var intervals = new IntervalForecast[horizon];
        for (int h = 0; h < horizon; h++) intervals[h] = chain.Advance();
        return new AvailabilityForecast(intervals);
    }
}
