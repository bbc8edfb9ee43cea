using System.Diagnostics;

using Parcae.Liveput.Forecasting;

namespace Parcae.Cli.Forecasting;

/// <summary>A forecaster whose time is taken.</summary>
internal sealed class TimedForecaster(IAvailabilityForecaster inner) : IAvailabilityForecaster
{
    private TimeSpan _taken;
    private int _calls;

    /// <inheritdoc/>
    public string Name => inner.Name;

    /// <summary>Mean time of a forecast; 0 before the first.</summary>
    public double MeanMilliseconds => _calls == 0 ? 0 : _taken.TotalMilliseconds / _calls;

    /// <inheritdoc/>
    public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
    {
        long start = Stopwatch.GetTimestamp();
        var forecast = inner.Forecast(history, horizon);
        _taken += Stopwatch.GetElapsedTime(start);
        _calls++;
        return forecast;
    }
}
