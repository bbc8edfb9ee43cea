using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>The throughput-optimized baseline of the Parcae artifact: always the fastest strategy for the instances that there are; whenever any come or go, everything restarts.</summary>
/// <remarks>
/// A change costs a restart of the workers, writing a checkpoint (not at the start), and the transfer of every stage one after the other. A change during another replaces it and
/// costs another restart on top.
/// </remarks>
public sealed class ReactivePolicy : IPolicy
{
    /// <inheritdoc/>
    public string Name => "reactive";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting);
    }

    private sealed class Run(SimulationSetting setting) : IPolicyRun
    {
        private readonly BestThroughput _best = new(setting.Profile);
        private readonly RestartCharge _charge = new(setting);

        public PolicyStep Step(in IntervalView view)
        {
            var to = _best.For(view.Available);
            if (to.IsPause) return new PolicyStep(to, 0, 0, null);
            bool start = view.Current.IsPause;
            double owed = view.OwedMs;
            MigrationCaseKind? kind = null;
            if (view.Changed || start)
            {
                owed = _charge.Ms(to, view.Interval.Added > 0 || start, checkpoint: view.Index > 0, again: view.OwedMs > 0);
                kind = start ? MigrationCaseKind.Start : MigrationCase.Between(view.Current, 0, to).Kind;
            }

            return new PolicyStep(to, setting.Profile.Throughput(to), owed, kind);
        }
    }
}
