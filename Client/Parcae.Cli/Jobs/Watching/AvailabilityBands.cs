using Parcae.Grains;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;

using History = Parcae.Liveput.Forecasting.AvailabilityInterval;

namespace Parcae.Cli.Jobs.Watching;

/// <summary>
/// A fleet's counts with what the job's own forecaster says of them: of each interval that has passed what it says one interval before, of those to come what it says now.
/// </summary>
internal sealed class AvailabilityBands(PlanningSpec planning)
{
    /// <summary>The count of an interval that is still to come.</summary>
    public const int NotYet = -1;

    private const int Past = 36, Fewest = 2, Ahead = 12;

    private readonly IAvailabilityForecaster _forecaster = Forecasters.Create(planning.Forecast);
    private Grains.AvailabilityInterval[] _seen = [];
    private ForecastBands[] _bands = [];

    /// <summary>The bands, oldest first; made again only when an interval has changed.</summary>
    public IReadOnlyList<ForecastBands> Of(Grains.AvailabilityInterval[] intervals)
    {
        if (intervals.AsSpan().SequenceEqual(_seen)) return _bands;
        _seen = intervals;
        History[] history = [.. intervals.Select(i => new History(i.Available, i.Joined, i.Lost))];
        var bands = new List<ForecastBands>();
        int first = Math.Max(Fewest, history.Length - Past);
        for (int i = first; i < history.Length; i++) bands.Add(Band(i - history.Length + 1, history[i].Available, _forecaster.Forecast(history[..i], 1).Intervals[0]));
        if (history.Length > 0)
        {
            int ahead = Math.Min(Ahead, planning.LookAhead);
            bands.AddRange(_forecaster.Forecast(history, ahead).Intervals.Select((f, i) => Band(i + 1, NotYet, f)));
        }

        return _bands = [.. bands];
    }

    private static ForecastBands Band(int interval, int actual, IntervalForecast f)
    {
        int At(double share) => ForecastScores.Quantile(f.Available, share);
        return new ForecastBands(interval, actual, f.MeanAvailable, At(0.25), At(0.75), At(0.1), At(0.9), At(0.025), At(0.975));
    }
}
