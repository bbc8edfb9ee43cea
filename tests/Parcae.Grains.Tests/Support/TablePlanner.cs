using System.Collections.Concurrent;
using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Tests.Support;

/// <summary>Plans by a table in the job's name, <c>2:1x2 4:2x2</c>: the strategy of the largest entry that fits the instances there are.</summary>
internal sealed class TablePlannerFactory : IJobPlannerFactory
{
    /// <summary>Tables that replace the one in the job's name from some moment on, by fleet.</summary>
    public static ConcurrentDictionary<string, string> Overrides { get; } = new(StringComparer.Ordinal);

    public IJobPlanner Create(JobSpec spec, ModelOutline outline) => IsTable(spec) ? new TablePlanner(spec, outline) : new LiveputJobPlanner(spec, outline);

    public IJobForecaster Forecaster(JobSpec spec) => IsTable(spec) ? new LastForecaster() : new LiveputJobForecaster(spec);

    private static bool IsTable(JobSpec spec) => spec.Name.Contains(':');

    private sealed class LastForecaster : IJobForecaster
    {
        public AvailabilityForecast Forecast(FleetSnapshot fleet)
        {
            var available = new double[fleet.Intervals[^1].Available + 1];
            available[^1] = 1;
            return new AvailabilityForecast([new IntervalForecast { Available = available, Lost = [1] }]);
        }
    }

    private sealed class TablePlanner(JobSpec spec, ModelOutline outline) : IJobPlanner
    {
        private (int Instances, Strategy Strategy)[] Table =>
            [.. Overrides.GetValueOrDefault(spec.Fleet, spec.Name).Split(' ').Select(e => e.Split(':', 'x')).Select(e => (int.Parse(e[0]), new Strategy(int.Parse(e[1]), int.Parse(e[2])))).OrderBy(e => e.Item1)];

        public int MinInstances => Table[0].Instances;

        public double[] Worth(FleetSnapshot fleet) =>
            [.. Enumerable.Range(0, fleet.Intervals[^1].Available + 1).Select(n => (double)Table.LastOrDefault(e => e.Instances <= n).Strategy.Instances)];

        public PlanningResult Plan(PlanningSituation situation)
        {
            var strategy = Table.LastOrDefault(e => e.Instances <= situation.Available).Strategy;
            return new PlanningResult(new PlanDecision(strategy, strategy.Instances, 0, [], "by the table"), TimeSpan.Zero, TimeSpan.Zero);
        }

        public AvailabilityForecast Forecast(FleetSnapshot fleet) => new LastForecaster().Forecast(fleet);

        public bool IsFeasible(Strategy strategy) => Table.Any(e => e.Strategy == strategy);

        public LayerRange[] Partition(int depth)
        {
            int layers = outline.Layers.Length;
            return [.. Enumerable.Range(0, depth).Select(s => GenerationPlan.Block(layers, depth, s)).Select(b => new LayerRange(b.From, b.To - b.From))];
        }
    }
}
