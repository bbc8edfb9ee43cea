using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>How the liveput policy looks at past and future.</summary>
public sealed record LiveputPolicyOptions
{
    /// <summary>Intervals of the past that the forecaster sees; 0: all. The default value is 12.</summary>
    public int History { get; init; } = 12;

    /// <summary>The optimizer's.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();
}

/// <summary>What the service does: the liveput optimizer on a forecast, planning anew in each interval once it is known what came and went.</summary>
/// <remarks>The past is what the trace held until now; what comes next is known by the forecast alone. The price of changing now is the simulation's expectation, as for every other policy.</remarks>
public sealed class LiveputPolicy : IPolicy
{
    private readonly Func<SimulationSetting, IAvailabilityForecaster> _forecaster;
    private readonly LiveputPolicyOptions _options;

    /// <summary>The policy with a forecaster.</summary>
    /// <param name="forecast">The forecaster's name.</param>
    /// <param name="forecaster">Makes the forecaster of a run.</param>
    /// <param name="options">Null for the defaults.</param>
    public LiveputPolicy(string forecast, Func<SimulationSetting, IAvailabilityForecaster> forecaster, LiveputPolicyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(forecast);
        ArgumentNullException.ThrowIfNull(forecaster);
        (Forecast, _forecaster, _options) = (forecast, forecaster, options ?? new LiveputPolicyOptions());
        ArgumentOutOfRangeException.ThrowIfNegative(_options.History, nameof(options));
    }

    /// <inheritdoc/>
    public string Name => "liveput";

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
        private readonly LiveputOptimizer _optimizer = new(setting.Profile, new TransitionPlanning(setting.Costs), options.Optimizer);
        private readonly History _history = new(options.History);

        public PolicyStep Step(in IntervalView view)
        {
            _history.Add(view);
            var expected = view with { Chance = null };
            var decision = _optimizer.Plan(new PlanRequest
            {
                Current = view.Current,
                Available = view.Available,
                IntactPipelines = view.Current.Pipelines,
                Forecast = forecaster.Forecast(_history.Intervals, options.Optimizer.LookAhead),
                IntervalSeconds = setting.IntervalMs / 1000,
                ChangeSeconds = to => MigrationCharge.Take(setting, expected, to).OwedMs / 1000,
            });
            int rented = Math.Min(view.Available, options.Optimizer.Budget?.MaxInstances ?? int.MaxValue);
            return MigrationCharge.Take(setting, view, decision.Strategy) with { SpotInstances = rented };
        }
    }
}
