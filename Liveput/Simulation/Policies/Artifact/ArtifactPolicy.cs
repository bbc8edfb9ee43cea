using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Simulation.Policies.Artifact;

/// <summary>The proactive policy of the published artifact: its planner on a forecast of certain counts, made before the interval begins; what does not fit is cut to what came.</summary>
/// <remarks>
/// A plan for an interval knows the intervals before it only. A forecast that is a distribution counts with its most likely values. The first interval is planned for the instances that are there.
/// </remarks>
public sealed class ArtifactPolicy : IPolicy
{
    private readonly Func<SimulationSetting, IAvailabilityForecaster> _forecaster;
    private readonly int _lookAhead;
    private readonly int _history;

    /// <summary>The policy with a forecaster.</summary>
    /// <param name="forecast">The forecaster's name.</param>
    /// <param name="forecaster">Makes the forecaster of a run.</param>
    /// <param name="lookAhead">Intervals that a plan looks into.</param>
    /// <param name="history">Intervals of the past that the forecaster sees; 0: all.</param>
    public ArtifactPolicy(string forecast, Func<SimulationSetting, IAvailabilityForecaster> forecaster, int lookAhead = 12, int history = 0)
    {
        ArgumentNullException.ThrowIfNull(forecast);
        ArgumentNullException.ThrowIfNull(forecaster);
        ArgumentOutOfRangeException.ThrowIfLessThan(lookAhead, 1);
        (Forecast, _forecaster, _lookAhead, _history) = (forecast, forecaster, lookAhead, history);
    }

    /// <inheritdoc/>
    public string Name => "artifact";

    /// <inheritdoc/>
    public string? Forecast { get; }

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _forecaster(setting), _lookAhead, _history);
    }

    private sealed class Run(SimulationSetting setting, IAvailabilityForecaster forecaster, int lookAhead, int history) : IPolicyRun
    {
        private readonly PointPlanner _planner = new(setting.Costs, setting.IntervalMs, setting.Trace.Capacity);
        private readonly History _history = new(history);

        public PolicyStep Step(in IntervalView view)
        {
            var planned = _planner.Plan(view.Current, view.Before, view.OwedMs, Future(view));
            _history.Add(view);
            return MigrationCharge.Take(setting, view, MigrationCharge.CutToFit(planned, view.Available, setting.Profile));
        }

        private FutureInterval[] Future(in IntervalView view)
        {
            if (view.Index == 0) return [.. Enumerable.Repeat(new FutureInterval(view.Available, 0, 0), lookAhead - 1).Prepend(new FutureInterval(view.Available, view.Interval.Added, view.Interval.Removed))];
            var forecast = forecaster.Forecast(_history.Intervals, lookAhead);
            var future = new FutureInterval[lookAhead];
            int before = view.Before;
            for (int i = 0; i < lookAhead; i++)
            {
                int count = Math.Min(MostLikely(forecast.Intervals[i].Available), setting.Trace.Capacity), lost = Math.Max(Math.Min(MostLikely(forecast.Intervals[i].Lost), before), before - count);
                future[i] = new FutureInterval(count, count - before + lost, lost);
                before = count;
            }

            return future;
        }

        private static int MostLikely(double[] distribution) => Array.IndexOf(distribution, distribution.Max());
    }
}
