using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Forecasting.Backtesting;

/// <summary>Lets forecasters forecast a trace that is known, from every interval on, and scores them.</summary>
public static class Backtest
{
    /// <summary>Back-tests forecasters on a trace, each against persistence.</summary>
    /// <param name="forecasters">At least one.</param>
    /// <param name="trace">The trace.</param>
    /// <param name="options">What is forecast.</param>
    /// <param name="progress">Told how many of all forecasts, persistence's included, have been made.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static IReadOnlyList<BacktestResult> Run(
        IReadOnlyList<IAvailabilityForecaster> forecasters, AvailabilityTrace trace, BacktestOptions? options = null, IProgress<(int Done, int All)>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(forecasters);
        ArgumentNullException.ThrowIfNull(trace);
        options ??= new BacktestOptions();
        var (from, to) = Validate(options, trace);
        var history = trace.ToHistory();
        int done = 0, all = (forecasters.Count + 1) * (to - from);
        var reference = One(new PersistenceForecaster(new PersistenceOptions { MaxInstances = options.MaxInstances }));
        return [.. forecasters.Select(f => One(f).Result(f.Name, reference))];

        BacktestTally One(IAvailabilityForecaster forecaster)
        {
            var tally = new BacktestTally(options.LookAhead, options.BandsAhead);
            for (int origin = from; origin < to; origin++)
            {
                cancellation.ThrowIfCancellationRequested();
                int start = options.History is { } shown ? Math.Max(0, origin - shown) : 0;
                var forecast = forecaster.Forecast(new ArraySegment<AvailabilityInterval>(history, start, origin - start), options.LookAhead);
                for (int ahead = 0; ahead < options.LookAhead && origin + ahead < to; ahead++) tally.Add(forecast.Intervals[ahead], ahead, origin + ahead, history[origin + ahead]);
                progress?.Report((++done, all));
            }

            return tally;
        }
    }

    private static (int From, int To) Validate(BacktestOptions options, AvailabilityTrace trace)
    {
        int count = trace.Intervals.Count, to = options.To ?? count;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.LookAhead, 1, nameof(options));
        if (options.History is < 1) throw new ArgumentOutOfRangeException(nameof(options), options.History, "History must be at least 1.");
        if (options.BandsAhead < 1 || options.BandsAhead > options.LookAhead)
            throw new ArgumentOutOfRangeException(nameof(options), options.BandsAhead, $"BandsAhead must be from 1 to LookAhead ({options.LookAhead}).");
        if (options.From < 0 || to > count || Math.Max(1, options.From) >= to)
            throw new ArgumentOutOfRangeException(nameof(options), (options.From, to), $"From and To must hold at least one interval of the {count} of trace {trace.Name}, its first aside.");
        return (Math.Max(1, options.From), to);
    }
}
