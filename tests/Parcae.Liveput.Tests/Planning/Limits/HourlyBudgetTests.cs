using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Survival;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Tests.Planning.Limits;

public sealed class HourlyBudgetTests
{
    private static readonly PlanningProfile Profile = Samples.Table(5, (1, 2, 10), (2, 2, 18), (3, 2, 25), (1, 3, 14), (1, 4, 17.5));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.917, 0)]
    [InlineData(0.918, 1)]
    [InlineData(2.754, 3)]
    [InlineData(1e300, int.MaxValue)]
    public void It_pays_for_as_many_instances_as_the_price_goes_into_it(double usdPerHour, int instances) =>
        Assert.Equal(instances, new HourlyBudget(usdPerHour).MaxInstances);

    [Fact]
    public void A_plan_stays_within_it_and_says_what_it_leaves_out()
    {
        var decision = Plan(6, new HourlyBudget(4.1));
        Assert.Equal(new Strategy(2, 2), decision.Strategy);
        Assert.All(decision.Candidates, c => Assert.True(c.Strategy.Instances <= 4));
        Assert.Equal(2, decision.InstancesBeyondBudget);
        Assert.Contains("2 instances beyond the budget of 4.1 USD/h", decision.Reason, StringComparison.Ordinal);
        Assert.Equal(new Strategy(3, 2), Plan(6, new HourlyBudget(6)).Strategy);
        Assert.Equal(0, Plan(6, new HourlyBudget(6)).InstancesBeyondBudget);
    }

    [Fact]
    public void Too_small_a_budget_is_a_pause_that_says_so() =>
        Assert.Equal("pause: 1 instance, and table needs at least 2; 5 instances beyond the budget of 1 USD/h are not worth renting", Plan(6, new HourlyBudget(1)).Reason);

    [Fact]
    public void A_budget_that_pays_for_all_changes_nothing()
    {
        var request = Request(6);
        Assert.Same(request, new HourlyBudget(100).Apply(request));
    }

    [Fact]
    public void Only_the_share_of_the_losses_that_is_rented_counts()
    {
        var request = Request(6) with { Forecast = new([new IntervalForecast { Available = Samples.Point(5), Lost = [0.5, 0.5] }, new IntervalForecast { Available = [0, 0, 0.25, 0.25, 0.5], Lost = [1] }]) };
        var applied = new HourlyBudget(0.918 * 3).Apply(request);
        Assert.Equal(3, applied.Available);
        Assert.Equal([0, 0, 0, 1], applied.Forecast.Intervals[0].Available);
        Assert.All(applied.Forecast.Intervals[0].Lost.Zip([0.75, 0.25]), p => Assert.Equal(p.Second, p.First, 1e-15));
        Assert.Equal([0, 0, 0.25, 0.75], applied.Forecast.Intervals[1].Available);
    }

    [Fact]
    public void What_is_lost_is_rented_again_as_long_as_others_are_left_or_come()
    {
        // Four instances, two of them rented; after a loss of one of these the others step in.
        var applied = Joined(4, new IntervalForecast { Available = Samples.Point(4), Lost = [0.5, 0.5], Joined = [null, null, null, [0.5, 0.5], [1]] });
        Assert.Equal([null, [0, 1], [1]], applied.Joined!);

        // Two instances, both rented: what comes beyond them is not taken.
        applied = Joined(2, new IntervalForecast { Available = [0, 0.2, 0.3, 0.25, 0, 0.25], Lost = [0.5, 0.5], Joined = [null, [0.25, 0.25, 0.5], [0.5, 0, 0, 0.5]] });
        Assert.Equal([null, [0.25, 0.75], [1]], applied.Joined!);
        Assert.Equal([0.5, 0.5], applied.Lost);
    }

    [Fact]
    public void Losses_and_arrivals_of_what_is_rented_explain_its_count()
    {
        var history = SyntheticTrace.Generate("bursts:5,intervals=60").ToHistory();
        var forecast = new SurvivalForecaster(new SurvivalOptions { MaxInstances = 32 }).Forecast(history, 3);
        for (int most = 1; most < 32; most += 5)
        {
            var request = Samples.Request(history[^1].Available, forecast);
            var applied = new HourlyBudget(0.918 * most).Apply(request);
            var first = applied.Forecast.Intervals[0];
            var counts = new double[most + 1];
            for (int k = 0; k < first.Lost.Length; k++)
            {
                int left = applied.Available - k;
                for (int j = 0; first.Lost[k] > 0 && j < first.Joined![left]!.Length; j++) counts[left + j] += first.Lost[k] * first.Joined[left]![j];
            }

            Assert.All(counts.Zip(first.Available), c => Assert.Equal(c.Second, c.First, 1e-6));
            foreach (var interval in applied.Forecast.Intervals)
            {
                Assert.Equal(1, interval.Lost.Sum(), 1e-9);
                Assert.All(interval.Joined!, row => Assert.Equal(1, row?.Sum() ?? 1, 1e-9));
            }
        }
    }

    [Fact]
    public void Wrong_numbers_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HourlyBudget(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HourlyBudget(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HourlyBudget(1, new InstancePrices(0, 1)));
    }

    private static IntervalForecast Joined(int available, IntervalForecast interval) => new HourlyBudget(0.918 * 2).Apply(Samples.Request(available, new([interval]))).Forecast.Intervals[0];

    private static PlanRequest Request(int available) => Samples.Request(available, Samples.Certain(Enumerable.Repeat((available, 0), 6)));

    private static PlanDecision Plan(int available, HourlyBudget budget) =>
        new LiveputOptimizer(Profile, new ProfiledCostModel(Profile), new OptimizerOptions { Budget = budget }).Plan(Request(available));
}
