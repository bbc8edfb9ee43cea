using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.Futures;
using Parcae.Liveput.Planning.LookAhead;

namespace Parcae.Liveput.Simulation.Policies.Ahead;

/// <summary>Liveput under the protocol of the published artifact: the strategy of an interval is named before it begins, from what came before, and cut to fit where fewer instances come.</summary>
/// <remarks>The service does better, since it plans again on every event (<see cref="LiveputPolicy"/>); this is for a comparison with the published figures on the same terms.</remarks>
public sealed class LiveputAheadPolicy : IPolicy
{
    private readonly Func<SimulationSetting, IAvailabilityForecaster> _forecaster;
    private readonly LiveputPolicyOptions _options;

    /// <summary>The policy with a forecaster.</summary>
    /// <param name="forecast">The forecaster's name.</param>
    /// <param name="forecaster">Makes the forecaster of a run.</param>
    /// <param name="options">Null for the defaults.</param>
    public LiveputAheadPolicy(string forecast, Func<SimulationSetting, IAvailabilityForecaster> forecaster, LiveputPolicyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(forecast);
        ArgumentNullException.ThrowIfNull(forecaster);
        (Forecast, _forecaster, _options) = (forecast, forecaster, options ?? new LiveputPolicyOptions());
        ArgumentOutOfRangeException.ThrowIfNegative(_options.History, nameof(options));
    }

    /// <inheritdoc/>
    public string Name => "liveput-ahead";

    /// <inheritdoc/>
    public string? Forecast { get; }

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _forecaster(setting), _options);
    }

    private sealed class Run(SimulationSetting setting, IAvailabilityForecaster forecaster, LiveputPolicyOptions options) : IPolicyRun
    {
        private readonly TransitionPlanning _planning = new(setting.Costs);
        private readonly IPolicyRun _first = new LiveputPolicy("", _ => forecaster, options).Start(setting);
        private readonly History _history = new(options.History);

        public PolicyStep Step(in IntervalView view)
        {
            // The first interval is planned for the instances that are there, as the artifact does.
            var step = view.Index == 0
                ? _first.Step(view)
                : MigrationCharge.Take(setting, view, MigrationCharge.CutToFit(Plan(view), view.Available, setting.Profile));
            _history.Add(view);
            return step;
        }

        private Strategy Plan(in IntervalView view)
        {
            int lookAhead = options.Optimizer.LookAhead;
            var chain = new AvailabilityChain(view.Before, forecaster.Forecast(_history.Intervals, lookAhead), lookAhead, options.Optimizer.MaxCounts);
            var space = new StrategySpace(setting.Profile, _planning, chain.Counts[^1], options.Optimizer.MaxStrategies, view.Current);
            int current = Array.IndexOf(space.Strategies, view.Current);
            double[] expected = new AheadProgram(space, chain, setting.IntervalMs / 1000).Run(current);
            int best = Array.IndexOf(expected, expected.Max());
            double margin = options.Optimizer.ChangeMargin * space.Throughput[current] * setting.IntervalMs / 1000;
            return space.Strategies[expected[best] - expected[current] <= margin ? current : best];
        }
    }
}
