using Parcae.Liveput.Costs;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>What <see cref="OnDemandPolicy"/> can be told.</summary>
public sealed record OnDemandOptions
{
    /// <summary>Instances that may be rented; null, the default, for the trace's mean availability rounded down.</summary>
    public int? Instances { get; init; }
}

/// <summary>The same model on instances that are never preempted: the fastest strategy, started once and left alone. What comes and goes in the trace does not matter to it.</summary>
/// <remarks>
/// It rents only as many instances as that strategy needs, and says so in <see cref="PolicyStep.OnDemandInstances"/>, so that they can be paid for. Where the trace falls below what the model needs,
/// it can train more than <see cref="IdealPolicy"/>, which is the bound of what the trace's instances can do.
/// </remarks>
public sealed class OnDemandPolicy : IPolicy
{
    private readonly OnDemandOptions _options;

    /// <summary>A policy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of instances is below 1.</exception>
    public OnDemandPolicy(OnDemandOptions? options = null)
    {
        _options = options ?? new OnDemandOptions();
        if (_options.Instances is < 1) throw new ArgumentOutOfRangeException(nameof(options), _options.Instances, "Instances must be at least 1.");
    }

    /// <inheritdoc/>
    public string Name => "on-demand";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _options.Instances ?? (int)setting.Trace.MeanAvailable);
    }

    private sealed class Run : IPolicyRun
    {
        private readonly Strategy _strategy;
        private readonly double _rate;
        private readonly double _startMs;

        public Run(SimulationSetting setting, int instances)
        {
            _strategy = new BestThroughput(setting.Profile).For(instances);
            _rate = setting.Profile.Throughput(_strategy);
            _startMs = _strategy.IsPause ? 0 : new RestartCharge(setting).Ms(_strategy, joining: true, checkpoint: false, again: false);
        }

        public PolicyStep Step(in IntervalView view)
        {
            bool starts = view.Index == 0 && !_strategy.IsPause;
            return new PolicyStep(_strategy, _rate, starts ? _startMs : view.OwedMs, starts ? MigrationCaseKind.Start : null, OnDemandInstances: _strategy.Instances, SpotInstances: 0);
        }
    }
}
