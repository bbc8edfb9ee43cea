namespace Parcae.Liveput.Simulation.Policies.Artifact;

/// <summary>The planner of the Parcae artifact with a forecast that is always right: it reads the trace.</summary>
/// <param name="lookAhead">Intervals that it looks into.</param>
public sealed class OraclePolicy(int lookAhead = 12) : IPolicy
{
    /// <inheritdoc/>
    public string Name => "oracle";

    /// <inheritdoc/>
    public IPolicyRun Start(SimulationSetting setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return new Run(setting, lookAhead);
    }

    private sealed class Run(SimulationSetting setting, int lookAhead) : IPolicyRun
    {
        private readonly PointPlanner _planner = new(setting.Costs, setting.IntervalMs, setting.Trace.Peak);

        public PolicyStep Step(in IntervalView view)
        {
            var coming = setting.Trace.Intervals.Skip(view.Index).Take(lookAhead).Select(i => new FutureInterval(i.Available, i.Added, i.Removed)).ToArray();
            return MigrationCharge.Take(setting, view, _planner.Plan(view.Current, view.Before, view.OwedMs, coming));
        }
    }
}
