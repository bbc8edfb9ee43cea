using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

public sealed class LiveputOptimizerTests
{
    private static readonly PlanningProfile TwoDeep = Samples.Table(5, (1, 2, 10), (2, 2, 18), (3, 2, 25), (1, 3, 14), (1, 4, 17.5), (1, 5, 18.2), (2, 3, 24));

    [Fact]
    public void Defaults_are_as_documented() =>
        Assert.Equal((12, 0.005, 256, 40), new OptimizerOptions() is var o ? (o.LookAhead, o.ChangeMargin, o.MaxStrategies, o.MaxCounts) : default);

    [Fact]
    public void Too_few_instances_pause_with_a_reason()
    {
        var decision = Plan(TwoDeep, 1, Quiet(1));
        Assert.True(decision.Strategy.IsPause);
        Assert.Empty(decision.Candidates);
        Assert.Equal("pause: 1 instance, and table needs at least 2", decision.Reason);
        Assert.True(Plan(TwoDeep, 0, Quiet(0)).Strategy.IsPause);
    }

    [Fact]
    public void A_model_that_fits_nowhere_pauses_with_a_reason()
    {
        var hopeless = PlanningProfile.FromLayers("huge", TransformerCosts.Layers(2, 64, 1, 64, 256), 8, 4, new AcceleratorSpec(1000, 1e9, 1e9));
        Assert.Contains("no strategy of huge is feasible", Plan(hopeless, 1000, Quiet(10)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_spare_that_absorbs_losses_is_worth_more_than_a_little_speed()
    {
        // 1 x 5 is faster than 2 x 2 until something is lost; on five instances 2 x 2 has a spare.
        var costs = new FlatCosts(1, 2, 30, 30);
        Assert.Equal(new Strategy(1, 5), Plan(TwoDeep, 5, Quiet(5), costs: costs).Strategy);
        var restless = new AvailabilityForecast([.. Enumerable.Repeat(new IntervalForecast { Available = [0, 0.1, 0.1, 0.1, 0.2, 0.5], Lost = [0.7, 0.3], Joined = [.. Enumerable.Repeat<double[]>([0.5, 0.5], 6)] }, 12)]);
        var decision = Plan(TwoDeep, 5, restless, costs: costs);
        Assert.Equal(new Strategy(2, 2), decision.Strategy);
        Assert.Contains("1 spare", decision.Reason, StringComparison.Ordinal);
        Assert.All(decision.Candidates, c => Assert.True(c.Liveput < c.Throughput));
    }

    [Fact]
    public void The_current_plan_is_kept_unless_the_change_pays()
    {
        var soonGone = Samples.Certain([(3, 2), .. Enumerable.Repeat((3, 0), 11)]);
        var costs = new FlatCosts(1, 2, 30, 30);

        // Two more instances for a single interval do not pay for two changes of depth.
        Assert.Equal(new Strategy(1, 3), Plan(TwoDeep, 5, soonGone, new Strategy(1, 3), costs).Strategy);
        Assert.Equal(new Strategy(1, 5), Plan(TwoDeep, 5, Quiet(5), new Strategy(1, 3), costs).Strategy);
        Assert.Equal(new Strategy(2, 2), Plan(TwoDeep, 5, Quiet(5), new Strategy(2, 2), costs).Strategy);
    }

    [Fact]
    public void A_gain_within_the_margin_changes_nothing()
    {
        var costs = new FlatCosts(0, 0, 0, 0);
        Assert.Equal(new Strategy(1, 5), Plan(TwoDeep, 5, Quiet(5), new Strategy(2, 2), costs).Strategy);
        var decision = new LiveputOptimizer(TwoDeep, costs, new OptimizerOptions { ChangeMargin = 0.02 }).Plan(Samples.Request(5, Quiet(5), new Strategy(2, 2)));
        Assert.Equal(new Strategy(2, 2), decision.Strategy);
        Assert.Contains("too little to change for", decision.Reason, StringComparison.Ordinal);
        Assert.Equal(new Strategy(1, 5), decision.Candidates[0].Strategy);
    }

    [Fact]
    public void A_plan_that_no_longer_fits_is_cut_to_what_is_there()
    {
        var decision = Plan(TwoDeep, 3, Quiet(3), new Strategy(3, 2), intact: 1);
        Assert.Equal(new Strategy(1, 3), decision.Strategy);
        Assert.Contains("3 x 2 no longer fits", decision.Reason, StringComparison.Ordinal);
        Assert.All(decision.Candidates, c => Assert.True(c.Strategy.Instances <= 3));
    }

    [Fact]
    public void Intact_pipelines_decide_what_staying_costs()
    {
        var costs = new FlatCosts(1, 5, 20, 30);
        double Cost(int intact, Strategy to) => Plan(TwoDeep, 6, Quiet(6), new Strategy(3, 2), costs, intact).Candidates.Single(c => c.Strategy == to).MigrationSeconds;
        Assert.Equal((0, 1, 20), (Cost(3, new(3, 2)), Cost(3, new(2, 2)), Cost(3, new(2, 3))));
        Assert.Equal((5, 5, 1), (Cost(1, new(3, 2)), Cost(1, new(2, 2)), Cost(1, new(1, 2))));
    }

    [Fact]
    public void Time_still_owed_is_not_forgotten_by_a_new_plan()
    {
        var costs = new FlatCosts(1, 5, 20, 30);
        var request = Samples.Request(5, Quiet(5), new Strategy(2, 2)) with { MigrationSecondsLeft = 90 };
        var decision = new LiveputOptimizer(TwoDeep, costs).Plan(request);
        var kept = decision.Candidates.Single(c => c.Strategy == new Strategy(2, 2));
        var changed = decision.Candidates.Single(c => c.Strategy == new Strategy(1, 5));
        Assert.Equal((90, 110), (kept.MigrationSeconds, changed.MigrationSeconds));
        Assert.InRange(kept.ExpectedSamples, 10 * 60 * 18, ((12 * 60) - 90) * 18.2);
    }

    [Fact]
    public void Equal_strategies_are_decided_by_instances_then_depth_every_time()
    {
        var equal = Samples.Table(4, (1, 2, 10), (2, 1, 10), (1, 3, 10), (2, 2, 10), (4, 1, 10));
        for (int i = 0; i < 3; i++) Assert.Equal(new Strategy(2, 1), Plan(equal, 4, Quiet(4), costs: new FlatCosts(0, 0, 0, 0)).Strategy);
        Assert.Equal(new Strategy(2, 2), Plan(equal, 4, Quiet(4), new Strategy(2, 2)).Strategy);
    }

    [Fact]
    public void The_pause_ends_when_there_is_enough_again() =>
        Assert.Contains("starts", Plan(TwoDeep, 2, Quiet(2), Strategy.None).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_current_strategy_that_the_profile_does_not_know_is_left() =>
        Assert.Equal(new Strategy(1, 4), Plan(Samples.Table(4, (1, 4, 10)), 4, Quiet(4), new Strategy(4, 1)).Strategy);

    [Fact]
    public void A_thousand_instances_are_planned_near_the_greatest_throughput()
    {
        var layers = TransformerCosts.Layers(48, 256, 4, 128, 256);
        var profile = PlanningProfile.FromLayers("deep", layers, 512, 256, new AcceleratorSpec(1L << 26, 1e12, 1e9));
        var forecast = new PersistenceForecaster().Forecast([.. Enumerable.Repeat(new AvailabilityInterval(1024, 3, 3), 20)], 12);
        var decision = Plan(profile, 1024, forecast);
        double best = 0;
        for (int depth = 1; depth <= 50; depth++)
        {
            for (int pipelines = 1; pipelines * depth <= 1024; pipelines++) best = Math.Max(best, profile.Throughput(pipelines, depth));
        }

        Assert.InRange(profile.Throughput(decision.Strategy), 0.9 * best, best);
        Assert.InRange(decision.Liveput, 0.8 * best, best);
    }

    [Fact]
    public void A_request_that_contradicts_itself_is_refused()
    {
        var optimizer = new LiveputOptimizer(TwoDeep, new ProfiledCostModel(TwoDeep));
        Assert.Throws<ArgumentException>(() => optimizer.Plan(Samples.Request(5, new AvailabilityForecast([]))));
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.Plan(Samples.Request(-1, Quiet(5))));
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.Plan(Samples.Request(5, Quiet(5), intervalSeconds: 0)));
        Assert.Throws<ArgumentException>(() => optimizer.Plan(Samples.Request(5, new AvailabilityForecast([new IntervalForecast { Available = [double.NaN], Lost = [1] }]))));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LiveputOptimizer(TwoDeep, new ProfiledCostModel(TwoDeep), new OptimizerOptions { LookAhead = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProfiledCostModel(TwoDeep, new MigrationConstants { StartSeconds = -1 }));
    }

    [Fact]
    public void Profiled_costs_are_a_constant_and_the_largest_stage_over_the_link()
    {
        var costs = new ProfiledCostModel(TwoDeep);
        double transfer = 3 * 1000 * 12 / 1e6;
        Assert.Equal(0.1, costs.Seconds(MigrationCase.Between(new(3, 2), 3, new(2, 2))), 1e-12);
        Assert.Equal(0.2 + transfer, costs.Seconds(MigrationCase.Between(new(3, 2), 1, new(3, 2))), 1e-12);
        Assert.Equal(0.3 + transfer, costs.Seconds(MigrationCase.Between(new(1, 4), 1, new(2, 2))), 1e-12);
        Assert.Equal(0.5 + transfer, costs.Seconds(MigrationCase.Between(Strategy.None, 0, new(2, 2))), 1e-12);
    }

    private static AvailabilityForecast Quiet(int available) => Samples.Certain(Enumerable.Repeat((available, 0), 12));

    private static PlanDecision Plan(
        PlanningProfile profile, int available, AvailabilityForecast forecast, Strategy current = default, IMigrationCostModel? costs = null, int? intact = null) =>
        new LiveputOptimizer(profile, costs ?? new ProfiledCostModel(profile)).Plan(Samples.Request(available, forecast, current, intact: intact));
}
