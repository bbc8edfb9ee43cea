namespace Parcae.Liveput.Forecasting.Arima;

/// <summary>How the ARIMA forecaster reads the past.</summary>
/// <remarks>
/// The defaults scored best on synthetic traces like those of the generators poisson, bursts, zones, day and selfexciting. The paper's window of 12 counts with a drift carries every burst on
/// and does worse than persistence there.
/// </remarks>
public sealed record ArimaOptions
{
    /// <summary>Orders of the model. The default value is ARIMA(1,1,0) without drift.</summary>
    public ArimaOrder Order { get; init; } = new(1, 1, 0, Drift: false);

    /// <summary>Counts of the past that are fitted. The default value is 60.</summary>
    public int Window { get; init; } = 60;

    /// <summary>Most instances that there can be; null: no bound. The default value is null.</summary>
    public int? MaxInstances { get; init; }
}

/// <summary>Counts as an ARIMA process with normal innovations (the paper, section 5.2, with distributions instead of one future).</summary>
/// <remarks>
/// Where the window is too short for the model, a smaller one takes its place: fewer moving-average, then fewer autoregressive terms, then no drift. Where nothing varies in the
/// window, or it is too short for any, the forecast is persistence's.
/// </remarks>
public sealed class ArimaForecaster : IAvailabilityForecaster
{
    private readonly ArimaOptions _options;
    private readonly PersistenceForecaster _persistence;

    /// <summary>A forecaster.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public ArimaForecaster(ArimaOptions? options = null)
    {
        _options = options ?? new ArimaOptions();
        ArimaModel.Validate(_options.Order);
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Window, 1, nameof(options));
        _persistence = new PersistenceForecaster(new PersistenceOptions { MaxInstances = _options.MaxInstances });
    }

    /// <inheritdoc/>
    public string Name => "arima";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        if (Model(history) is not { } model) return _persistence.Forecast(history, horizon);
        var (means, deviations) = model.Forecast(horizon);
        return NormalForecast.Of(means, deviations, history, _persistence, _options.MaxInstances);
    }

    /// <summary>The model of the last counts; null where there is nothing to fit.</summary>
    public ArimaModel? Model(IReadOnlyList<AvailabilityInterval> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var window = new double[Math.Min(_options.Window, history.Count)];
        for (int i = 0; i < window.Length; i++) window[i] = history[history.Count - window.Length + i].Available;
        for (var order = _options.Order; ;)
        {
            if (ArimaModel.Fit(window, order) is { } model) return model;
            if (order.Q > 0) order = order with { Q = order.Q - 1 };
            else if (order.P > 0) order = order with { P = order.P - 1 };
            else if (order.Drift && order.D > 0) order = order with { Drift = false };
            else return null;
        }
    }
}
