using Parcae.Liveput.Costs;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>The bound: in each interval the fastest strategy for the instances that there are, and changing costs nothing.</summary>
public sealed class IdealPolicy : IPolicy
{
    /// <inheritdoc/>
    public string Name => "ideal";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting);
    }

    private sealed class Run(SimulationSetting setting) : IPolicyRun
    {
        private readonly BestThroughput _best = new(setting.Profile);

        public PolicyStep Step(in IntervalView view)
        {
            var to = _best.For(view.Available);
            bool changes = !to.IsPause && !view.Current.IsPause && to != view.Current;
            return new PolicyStep(to, setting.Profile.Throughput(to), 0, changes ? MigrationCase.Between(view.Current, view.Current.Pipelines, to).Kind : null);
        }
    }
}
