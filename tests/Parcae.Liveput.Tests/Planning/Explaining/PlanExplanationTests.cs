using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Planning.Explaining;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning.Explaining;

public sealed class PlanExplanationTests
{
    private static readonly PlanningProfile Profile = Samples.Table(5, (1, 2, 10), (2, 2, 18), (3, 2, 25), (1, 3, 14), (1, 4, 17.5), (1, 5, 18.2), (2, 3, 24));

    private static readonly ProfiledCostModel Costs = new(Profile, new MigrationConstants { InterStageSeconds = 20, PipelineSeconds = 30, StartSeconds = 40 });

    private static readonly AvailabilityForecast Restless = new([.. Enumerable.Repeat(new IntervalForecast { Available = Samples.Point(5), Lost = [0.3, 0.7] }, 12)]);

    [Fact]
    public void Every_candidate_stands_beside_the_chosen_one()
    {
        var explanation = Explain(Samples.Request(5, Restless, new Strategy(1, 3)));
        Assert.Equal(new Strategy(2, 2), explanation.Strategy);
        var chosen = Assert.Single(explanation.Candidates, c => c.Chosen);
        Assert.Equal(("chosen", 0.0, 1), (chosen.Why, chosen.SamplesBehind, chosen.Spares));
        Assert.All(explanation.Candidates, c => Assert.Equal(chosen.ExpectedSamples - c.ExpectedSamples, c.SamplesBehind));
        Assert.Null(explanation.Candidates.Single(c => c.Strategy == new Strategy(1, 3)).Change);
        Assert.Contains(explanation.Candidates, c => c.Strategy == new Strategy(1, 5) && c.Why == "loses 70.0 % to preemptions, not 24.89 %");
        Assert.Contains(explanation.Candidates, c => c.Strategy == new Strategy(1, 2) && c.Why == "slower by 44.44 %");
    }

    [Fact]
    public void The_parts_of_a_change_sum_to_its_cost()
    {
        var explanation = Explain(Samples.Request(5, Restless, new Strategy(1, 3)) with { MigrationSecondsLeft = 7 });
        Assert.All(explanation.Candidates, c => Assert.Equal(c.MigrationSeconds - 7, c.MigrationParts.Sum(p => p.Seconds), 1e-12));
        Assert.Equal(["agreement", "transfer"], explanation.Candidates.First(c => c.Change == MigrationCaseKind.Pipeline).MigrationParts.Select(p => p.Name));
        foreach (var change in (MigrationCase[])[
            MigrationCase.Between(new(3, 2), 3, new(2, 2)), MigrationCase.Between(new(3, 2), 1, new(3, 2)), MigrationCase.Between(new(1, 4), 1, new(2, 2)), MigrationCase.Between(default, 0, new(2, 2))])
        {
            Assert.Equal(Costs.Seconds(change), Costs.Parts(change).Sum(p => p.Seconds), 1e-12);
        }
    }

    [Fact]
    public void A_cost_model_that_cannot_say_has_no_parts() =>
        Assert.All(Explain(Samples.Request(5, Restless), new FlatCosts(1, 2, 3, 4)).Candidates, c => Assert.Empty(c.MigrationParts));

    [Fact]
    public void The_forecast_is_a_mean_with_bands()
    {
        var forecast = new AvailabilityForecast([new IntervalForecast { Available = [0, 0, 0.1, 0.2, 0.5, 0.2], Lost = [0.6, 0.3, 0.1] }]);
        var band = Assert.Single(Explain(Samples.Request(5, forecast)).Forecast);
        Assert.Equal((0, 2, 4, 5, 1), (band.Interval, band.LowAvailable, band.MedianAvailable, band.HighAvailable, band.HighLost));
        Assert.Equal((3.8, 0.5, 0.4), (band.MeanAvailable, Math.Round(band.MeanLost, 12), Math.Round(band.LossChance, 12)));
    }

    [Fact]
    public void A_gain_too_small_is_said_to_be_so()
    {
        var quiet = Samples.Certain(Enumerable.Repeat((5, 0), 12));
        var explanation = Explain(Samples.Request(5, quiet, new Strategy(2, 2)), new FlatCosts(0, 0, 0, 0), new OptimizerOptions { ChangeMargin = 0.02 });
        Assert.Equal("brings more, but too little to change for", explanation.Candidates[0].Why);
        Assert.True(explanation.Candidates[0].SamplesBehind < 0);
    }

    [Fact]
    public void The_steps_tell_the_story()
    {
        var explanation = Explain(Samples.Request(6, Restless, new Strategy(3, 2), intact: 1), options: new OptimizerOptions { Budget = new HourlyBudget(5) });
        Assert.Equal("6 instances usable; 3 x 2 has 1 of its pipelines intact.", explanation.Steps[0]);
        Assert.Equal("1 instance beyond the budget: not worth renting.", explanation.Steps[1]);
        Assert.StartsWith("In 12 intervals: 5.0 instances expected (5 to 5 with 80 %), 0.7 lost in the first (70.0 % chance of any).", explanation.Steps[2], StringComparison.Ordinal);
        Assert.All(explanation.Candidates, c => Assert.Equal(5 - c.Strategy.Instances, c.Spares));
        Assert.True(explanation.Steps.Count >= 5);
    }

    [Fact]
    public void A_pause_is_explained_too()
    {
        var explanation = Explain(Samples.Request(1, Samples.Certain([(1, 0)])));
        Assert.True(explanation.Strategy.IsPause);
        Assert.Empty(explanation.Candidates);
        Assert.Contains("pause: 1 instance, and table needs at least 2.", explanation.Steps);
    }

    private static PlanExplanation Explain(PlanRequest request, IMigrationCostModel? costs = null, OptimizerOptions? options = null) =>
        PlanExplanation.Of(request, new LiveputOptimizer(Profile, costs ?? Costs, options).Plan(request), costs ?? Costs);
}
