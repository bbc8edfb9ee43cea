namespace Parcae.Liveput.Forecasting.Smoothing;

/// <summary>How the exponential smoothing reads the past.</summary>
public sealed record HoltOptions
{
    /// <summary>Counts of the past that are fitted. The default value is 60.</summary>
    public int Window { get; init; } = 60;

    /// <summary>Most instances that there can be; null: no bound. The default value is null.</summary>
    public int? MaxInstances { get; init; }
}

/// <summary>Counts by exponential smoothing with a damped trend and normal errors; where nothing varies in the window, or it is too short, persistence.</summary>
public sealed class HoltForecaster : IAvailabilityForecaster
{
    private readonly HoltOptions _options;
    private readonly PersistenceForecaster _persistence;

    /// <summary>A forecaster.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public HoltForecaster(HoltOptions? options = null)
    {
        _options = options ?? new HoltOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Window, 1, nameof(options));
        _persistence = new PersistenceForecaster(new PersistenceOptions { MaxInstances = _options.MaxInstances });
    }

    /// <inheritdoc/>
    public string Name => "holt";

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        var window = new double[Math.Min(_options.Window, history.Count)];
        for (int i = 0; i < window.Length; i++) window[i] = history[history.Count - window.Length + i].Available;
        if (DampedHolt.Fit(window) is not { } model) return _persistence.Forecast(history, horizon);
        var (means, deviations) = model.Forecast(horizon);
        return NormalForecast.Of(means, deviations, history, _persistence, _options.MaxInstances);
    }
}
