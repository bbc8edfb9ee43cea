using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Preemption;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies.Checkpointing;

namespace Parcae.Liveput.Simulation.Policies.Redundancy;

/// <summary>A stand-in for Bamboo (Thorpe et al., NSDI '23): every instance also holds the next stage of its pipeline, the last one the first, and does its forward pass redundantly, so that it can step in for it.</summary>
/// <remarks>
/// Taken from the paper and its published simulator: the depth is fixed, 1.5 times what the model needs; D is as many pipelines as fit, the other instances are standbys. An instance that is lost is replaced by its
/// predecessor, which does the missed backward passes of the step (a pause of a detection and a step); at the end of the step the pipelines are formed anew, standbys taking the places of the lost, or a pipeline less when there are
/// not enough (Bamboo's own policy waits only while the chance of a fatal loss is below 5 %, which one open place in fewer than 40 instances already exceeds). Instances that join are standbys until a pipeline more can be formed.
/// Two neighbours of a ring lost together are fatal, as is having no whole pipeline left: all restart from the last checkpoint, although other pipelines may hold the stage.
/// <para>
/// Simplified: losses strike uniformly, where Bamboo spreads neighbours over zones (which helps it); a standby fetches two stages, and losses while it does so are no more dangerous than others; the redundant forward pass lowers
/// throughput by a constant factor (<see cref="RedundantOptions.Factor"/>). Where no measured depth is 1.5 times the smallest, the deepest measured one is taken, as if it had the memory. Of the pipelines that
/// fit, the measured fastest number runs.
/// </para>
/// </remarks>
public sealed class RedundantPolicy : IPolicy
{
    private readonly RedundantOptions _options;

    /// <summary>A policy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public RedundantPolicy(RedundantOptions? options = null)
    {
        _options = options ?? new RedundantOptions();
        _options.Validate();
    }

    /// <inheritdoc/>
    public string Name => "redundant";

    /// <summary>The depth that it gives a profile's pipelines; 0 when nothing is feasible.</summary>
    /// <exception cref="ArgumentException">The depth asked for is not feasible at all.</exception>
    public int Depth(PlanningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var feasible = Enumerable.Range(1, profile.MaxDepth).Where(p => Enumerable.Range(1, profile.MaxPipelines).Any(d => profile.Throughput(d, p) > 0)).ToList();
        if (_options.Depth is not { } asked) return feasible.FirstOrDefault(p => p >= profile.MinDepth * _options.OverProvision, feasible.LastOrDefault());
        return feasible.Contains(asked) ? asked : throw new ArgumentException($"No strategy of depth {asked} is feasible for {profile.Model}; feasible depths are {string.Join(", ", feasible)}.");
    }

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, _options, Depth(setting.Profile));
    }

    private sealed class Run : CheckpointedRun<Strategy>
    {
        private readonly RedundantOptions _options;
        private readonly double _fetchMs;
        private readonly Strategy[] _byPipelines;
        private readonly int _depth;

        public Run(SimulationSetting setting, RedundantOptions options, int depth)
            : base(setting, options.Checkpoints)
        {
            (_options, _depth) = (options, depth);
            var profile = setting.Profile;
            _fetchMs = 2 * new StageSizes(profile, profile.Reconfiguration!.Transfers).LargestMs[depth];
            _byPipelines = new Strategy[profile.MaxPipelines + 1];
            for (int pipelines = 1; pipelines < _byPipelines.Length; pipelines++)
            {
                var more = new Strategy(pipelines, depth);
                _byPipelines[pipelines] = profile.Throughput(more) > profile.Throughput(_byPipelines[pipelines - 1]) ? more : _byPipelines[pipelines - 1];
            }
        }

        protected override Strategy Show(Strategy plan) => plan;

        protected override double Rate(Strategy plan) => Setting.Profile.Throughput(plan) * _options.Factor;

        protected override Strategy Target(in IntervalView view, Strategy running, Harm harm, bool checkpoint) =>
            _depth == 0 ? Strategy.None : _byPipelines[Math.Min(view.Available / _depth, _byPipelines.Length - 1)];

        protected override (double Unharmed, double Survives) Chances(Strategy running, int instances, int lost) =>
            (PreemptionOutcomes.EveryStageKeeps(running.Pipelines, running.Depth, instances, lost, running.Pipelines), NeighbourLosses.NoneTogether(running, instances, lost));

        protected override Harm Judge(Strategy running, ReadOnlySpan<bool> lost) =>
            !lost[..running.Instances].Contains(true) ? Harm.None : NeighbourLosses.AnyTogether(running, lost) ? Harm.Fatal : Harm.Covered;

        protected override double CoveredMs(Strategy from, Strategy to, bool joining) =>
            _options.DetectionMs + (1000 * Setting.Profile.GlobalBatch / Rate(from)) + Setting.Costs.RestartMs(to, joining) + _fetchMs;

        protected override double ChangeMs(Strategy from, Strategy to) => Setting.Costs.RestartMs(to, joining: true) + _fetchMs;
    }
}
