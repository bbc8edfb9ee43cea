using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning.Limits;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>A job that must be done by a time.</summary>
public sealed record DeadlineOptions
{
    /// <summary>Samples of the whole job, above 0.</summary>
    public required double JobSamples { get; init; }

    /// <summary>When it must be done, seconds after the run's beginning; above 0.</summary>
    public required double DeadlineSeconds { get; init; }

    /// <summary>Most instances that can be rented on demand; null, the default, for the trace's capacity.</summary>
    public int? MaxOnDemandInstances { get; init; }

    /// <summary>Time for a switch to on-demand instances, seconds. The default value is 180.</summary>
    public double SwitchSeconds { get; init; } = DeadlineGuard.DefaultSwitchSeconds;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> when a value is out of range.</summary>
    internal void Validate()
    {
        if (!(JobSamples > 0) || !double.IsFinite(JobSamples)) throw new ArgumentOutOfRangeException(nameof(JobSamples), JobSamples, "JobSamples must be above 0.");
        if (!(DeadlineSeconds > 0) || !double.IsFinite(DeadlineSeconds)) throw new ArgumentOutOfRangeException(nameof(DeadlineSeconds), DeadlineSeconds, "DeadlineSeconds must be above 0.");
        if (MaxOnDemandInstances is < 1) throw new ArgumentOutOfRangeException(nameof(MaxOnDemandInstances), MaxOnDemandInstances, "MaxOnDemandInstances must be at least 1.");
    }
}

/// <summary>A policy for spot instances with a deadline: while <see cref="DeadlineGuard"/> says so the job runs on on-demand instances instead, and once it is done nothing is rented.</summary>
/// <remarks>
/// Whatever spot instances do, the deadline is met whenever on-demand instances alone could meet it at the start, the switch to them paid. A switch either way starts the workers anew:
/// to on-demand instances it takes <see cref="DeadlineOptions.SwitchSeconds"/>, back to spot instances what the spot policy pays for a start.
/// </remarks>
public sealed class DeadlinePolicy : IPolicy
{
    private readonly IPolicy _spot;
    private readonly DeadlineOptions _options;

    /// <summary>A policy with a deadline.</summary>
    /// <param name="spot">Decides on spot instances, like <see cref="LiveputPolicy"/>.</param>
    /// <param name="options">The job and its deadline.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public DeadlinePolicy(IPolicy spot, DeadlineOptions options)
    {
        ArgumentNullException.ThrowIfNull(spot);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        (_spot, _options) = (spot, options);
    }

    /// <inheritdoc/>
    public string Name => "deadline";

    /// <inheritdoc/>
    public string? Forecast => _spot.Forecast;

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _spot.Start(setting), _options);
    }

    private sealed class Run : IPolicyRun
    {
        private const double Rounding = 1e-9;

        private readonly SimulationSetting _setting;
        private readonly IPolicyRun _spot;
        private readonly DeadlineOptions _options;
        private readonly BestThroughput _best;
        private readonly DeadlineGuard _guard;
        private double _done;
        private int _onDemand;

        public Run(SimulationSetting setting, IPolicyRun spot, DeadlineOptions options)
        {
            (_setting, _spot, _options, _best) = (setting, spot, options, new BestThroughput(setting.Profile));
            _guard = new DeadlineGuard(OnDemand(_best, setting, options.MaxOnDemandInstances ?? setting.Trace.Capacity), options.SwitchSeconds, setting.Profile.Prices);
        }

        public PolicyStep Step(in IntervalView view)
        {
            if (_done >= _options.JobSamples) return new PolicyStep(Strategy.None, 0, 0, null, SpotInstances: 0);

            // What runs on demand leaves nothing on spot instances to migrate from.
            var spot = _spot.Step(_onDemand > 0 ? view with { Current = Strategy.None, OwedMs = 0 } : view);
            double elapsed = view.Index * _setting.IntervalMs / 1000;
            var decision = _guard.Decide(new DeadlineState
            {
                JobSamples = _options.JobSamples,
                DoneSamples = _done,
                SecondsElapsed = elapsed,
                SecondsLeft = _options.DeadlineSeconds - elapsed,
                IntervalSeconds = _setting.IntervalMs / 1000,
                ExpectedSpotSamples = Math.Max(0, Samples(spot)),
                SpotInstances = spot.SpotInstances ?? view.Available,
                OnDemandInstances = _onDemand,
                SwitchSecondsLeft = _onDemand > 0 ? view.OwedMs / 1000 : 0,
            });
            var step = decision.OnDemandInstances > 0 ? Rent(view, decision.OnDemandInstances) : spot;
            _onDemand = decision.OnDemandInstances;
            double work = _options.JobSamples - _done, trained = Samples(step);
            if (trained < work - (Rounding * _options.JobSamples))
            {
                _done = Math.Max(0, _done + trained);
                return step;
            }

            _done = _options.JobSamples;
            return step with { DoneAfterMs = Math.Min(_setting.IntervalMs, step.OwedMs + ((work + step.LostSamples) / step.SamplesPerSecond * 1000)) };
        }

        private PolicyStep Rent(in IntervalView view, int instances)
        {
            var to = _best.For(instances);
            bool stays = instances == _onDemand;
            MigrationCaseKind? kind = stays ? null : view.Current.IsPause ? MigrationCaseKind.Start : MigrationCase.Between(view.Current, 0, to).Kind;
            return new PolicyStep(to, _setting.Profile.Throughput(to), stays ? view.OwedMs : _options.SwitchSeconds * 1000, kind, OnDemandInstances: instances);
        }

        private double Samples(in PolicyStep step) => (step.SamplesPerSecond * Math.Max(0, _setting.IntervalMs - step.OwedMs) / 1000) - step.LostSamples;

        /// <summary>Numbers of instances that are faster than any smaller one, so that none is rented for nothing.</summary>
        private static List<OnDemandOption> OnDemand(BestThroughput best, SimulationSetting setting, int most)
        {
            var options = new List<OnDemandOption>();
            for (int instances = 1; instances <= most; instances++)
            {
                var strategy = best.For(instances);
                if (strategy.Instances == instances) options.Add(new OnDemandOption(instances, setting.Profile.Throughput(strategy)));
            }

            return options.Count > 0 ? options : throw new ArgumentException(
                $"{setting.Profile.Model} cannot run on {most} on-demand instances, the trace's capacity; a deadline needs enough of them to fall back on.", nameof(most));
        }
    }
}
