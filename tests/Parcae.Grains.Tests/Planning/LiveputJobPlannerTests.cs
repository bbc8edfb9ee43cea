using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Planning;

public sealed class LiveputJobPlannerTests
{
    private static readonly JobSpec Spec = new();

    [Fact]
    public void A_job_can_name_every_forecaster()
    {
        Assert.Equal(Parcae.Liveput.Forecasting.Forecasters.Names, PlanningSpec.Forecasters);
        foreach (string name in PlanningSpec.Forecasters)
        {
            var spec = Spec with { Planning = Spec.Planning with { Forecast = name } };
            Assert.Empty(JobSpecValidation.Problems(spec));
            Assert.Equal(spec.Planning.LookAhead, new LiveputJobPlanner(spec).Forecast(Fleet(4)).Intervals.Count);
        }

        var wrong = Spec with { Planning = Spec.Planning with { Forecast = "prophet" } };
        Assert.Contains("planning.forecast", Assert.Single(JobSpecValidation.Problems(wrong)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_fits_one_instance_runs_on_one()
    {
        var planner = new LiveputJobPlanner(Spec);
        Assert.Equal(1, planner.MinInstances);
        Assert.Equal(new Strategy(1, 1), planner.Plan(new PlanningSituation(Strategy.None, 1, 0, Fleet(1))).Decision.Strategy);
    }

    [Fact]
    public void A_model_too_large_for_one_instance_needs_several_stages_that_hold_all_layers_in_order()
    {
        var planner = new LiveputJobPlanner(Spec with { Planning = Spec.Planning with { MemoryBytes = Spec.Model.Parameters * 16 } });
        Assert.InRange(planner.MinInstances, 2, Spec.Model.LayerCount);
        Assert.True(planner.Plan(new PlanningSituation(Strategy.None, 1, 0, Fleet(1))).Decision.Strategy.IsPause);
        var stages = planner.Partition(planner.MinInstances);
        Assert.Equal(Enumerable.Range(0, Spec.Model.LayerCount), stages.SelectMany(s => Enumerable.Range(s.First, s.Count)));
    }

    [Fact]
    public void More_instances_bring_more_pipelines_and_a_forecast_for_every_interval()
    {
        var planner = new LiveputJobPlanner(Spec);
        var planned = planner.Plan(new PlanningSituation(Strategy.None, 4, 0, Fleet(4))).Decision;
        Assert.InRange(planned.Strategy.Instances, 2, 4);
        Assert.Equal(Spec.Planning.LookAhead, planner.Forecast(Fleet(4)).Intervals.Count);
    }

    private static FleetSnapshot Fleet(int available) => new()
    {
        LastSequence = 0,
        Instances = [],
        Intervals = [new AvailabilityInterval(available, 0, 0)],
        IntervalLength = TimeSpan.FromSeconds(60),
    };
}
