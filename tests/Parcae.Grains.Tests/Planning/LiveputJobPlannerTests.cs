using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;

namespace Parcae.Grains.Tests.Planning;

public sealed class LiveputJobPlannerTests
{
    private const long Parameters = 1_000_000;

    private static readonly JobSpec Spec = new();

    // Eight layers, the fourth four times as slow as its operations say.
    private static readonly ModelOutline Outline = new()
    {
        Description = "eight layers",
        Layers = [.. Enumerable.Range(0, 8).Select(i => new LayerOutline($"{i}", Parameters / 8, 1e7, 1000, i < 7 ? 1000 : 0, i == 3 ? 4e-3 : 1e-3, i == 3 ? 8e-3 : 2e-3))],
        StateBytesPerParameter = 12,
        Parameters = Parameters,
    };

    [Fact]
    public void A_job_can_name_every_forecaster()
    {
        Assert.Equal(Parcae.Liveput.Forecasting.Forecasters.Names, PlanningSpec.Forecasters);
        foreach (string name in PlanningSpec.Forecasters)
        {
            var spec = Spec with { Planning = Spec.Planning with { Forecast = name } };
            Assert.Empty(JobSpecValidation.Problems(spec));
            Assert.Equal(spec.Planning.LookAhead, new LiveputJobForecaster(spec).Forecast(Fleet(4)).Intervals.Count);
        }

        var wrong = Spec with { Planning = Spec.Planning with { Forecast = "prophet" } };
        Assert.Contains("planning.forecast", Assert.Single(JobSpecValidation.Problems(wrong)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_fits_one_instance_runs_on_one()
    {
        var planner = new LiveputJobPlanner(Spec, Outline);
        Assert.Equal(1, planner.MinInstances);
        Assert.Equal(new Strategy(1, 1), planner.Plan(new PlanningSituation(Strategy.None, 1, 0, Fleet(1))).Decision.Strategy);
    }

    [Fact]
    public void A_model_too_large_for_one_instance_needs_several_stages_that_hold_all_layers_in_order()
    {
        var planner = new LiveputJobPlanner(Spec with { Planning = Spec.Planning with { MemoryBytes = Parameters * 16 } }, Outline);
        Assert.InRange(planner.MinInstances, 2, Outline.Layers.Length);
        Assert.True(planner.Plan(new PlanningSituation(Strategy.None, 1, 0, Fleet(1))).Decision.Strategy.IsPause);
        var stages = planner.Partition(planner.MinInstances);
        Assert.Equal(Enumerable.Range(0, Outline.Layers.Length), stages.SelectMany(s => Enumerable.Range(s.First, s.Count)));
    }

    [Fact]
    public void More_instances_bring_more_pipelines_and_a_forecast_for_every_interval()
    {
        var planner = new LiveputJobPlanner(Spec, Outline);
        var planned = planner.Plan(new PlanningSituation(Strategy.None, 4, 0, Fleet(4))).Decision;
        Assert.InRange(planned.Strategy.Instances, 2, 4);
        Assert.Equal(Spec.Planning.LookAhead, planner.Forecast(Fleet(4)).Intervals.Count);
    }

    [Theory]
    [InlineData("measured", 3, 1, 4)]
    [InlineData("estimated", 3, 2, 3)]
    public void Stages_are_balanced_by_measured_times_unless_the_job_wants_estimates(string layerTimes, int first, int second, int third)
    {
        var planner = new LiveputJobPlanner(Spec with { Planning = Spec.Planning with { LayerTimes = layerTimes } }, Outline);
        Assert.Equal([first, second, third], planner.Partition(3).Select(s => s.Count));
    }

    [Fact]
    public void Memory_counts_what_the_optimizer_keeps_and_what_is_computed_again()
    {
        int Least(TrainingSpec training, long bytes) =>
            new LiveputJobPlanner(Spec with { Training = training, Planning = Spec.Planning with { MemoryBytes = bytes } }, Outline).MinInstances;

        // Two samples a micro-batch: 16 kB of activations in all, 2 kB of one layer, 16 kB of inputs.
        Assert.Equal((1, 2), (Least(Spec.Training, (Parameters * 16) + 16_000), Least(Spec.Training, (Parameters * 16) + 15_999)));
        var plain = Spec.Training with { Optimizer = "sgd", Momentum = 0 };
        Assert.Equal((1, 2), (Least(plain, (Parameters * 8) + 16_000), Least(plain, (Parameters * 8) + 15_999)));
        var again = Spec.Training with { Recompute = true };
        Assert.Equal((1, 2), (Least(again, (Parameters * 16) + 18_000), Least(again, (Parameters * 16) + 17_999)));
    }

    [Fact]
    public void Where_layer_times_come_from_is_checked()
    {
        Assert.All(PlanningSpec.LayerTimeSources, s => Assert.Empty(JobSpecValidation.Problems(Spec with { Planning = new PlanningSpec { LayerTimes = s } })));
        var wrong = Spec with { Planning = new PlanningSpec { LayerTimes = "guessed" } };
        Assert.Equal("planning.layerTimes: guessed is not valid; it must be one of measured, estimated.", Assert.Single(JobSpecValidation.Problems(wrong)));
    }

    private static FleetSnapshot Fleet(int available) => new()
    {
        LastSequence = 0,
        Instances = [],
        Intervals = [new AvailabilityInterval(available, 0, 0)],
        IntervalLength = TimeSpan.FromSeconds(60),
    };
}
