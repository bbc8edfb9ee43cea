using CsCheck;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;
using Parcae.Liveput.Forecasting.Survival;
using Parcae.Liveput.Traces;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class SurvivalForecasterTests
{
    private static readonly AvailabilityInterval Quiet = new(20, 0, 0);

    [Fact]
    public void Defaults_are_as_documented() => Assert.Equal(
        ((int?)null, 1000, 0.05, 0.1, 0.001, 0.97, 1.0, 0.25),
        new SurvivalOptions() is var o ? (o.MaxInstances, o.Window, o.PriorLossHazard, o.PriorArrivalHazard, o.Drift, o.SizeMemory, o.EffectDeviation, o.SeenSizes) : default);

    [Fact]
    public void Whatever_the_history_every_distribution_sums_to_1_within_its_bounds() =>
        Gen.Select(Gen.Select(Gen.Int[0, 30], Gen.Int[0, 6], Gen.Int[0, 6], (a, j, l) => new AvailabilityInterval(a, Math.Min(a, j), l)).Array[1, 40], Gen.Int[1, 14], Gen.Bool).Sample(
            (history, horizon, bounded) =>
            {
                var forecaster = new SurvivalForecaster(new SurvivalOptions { MaxInstances = bounded ? 25 : null });
                var forecast = forecaster.Forecast(history, horizon);
                Assert.Equal(horizon, forecast.Intervals.Count);
                foreach (var interval in forecast.Intervals)
                {
                    Assert.Equal(1, interval.Available.Sum(), 1e-9);
                    Assert.Equal(1, interval.Lost.Sum(), 1e-9);
                    Assert.All(interval.Available, p => Assert.InRange(p, 0, 1 + 1e-12));
                    if (bounded) Assert.True(interval.Available.Length <= Math.Max(25, history[^1].Available) + 1);
                }

                Assert.Equal(forecast.Intervals[^1].Available, forecaster.Forecast(history, horizon).Intervals[^1].Available);
            },
            iter: 300);

    [Fact]
    public void Counts_and_losses_of_the_first_interval_agree_when_none_can_come()
    {
        // With the whole capacity there, an interval's fall is its losses less what comes back at once.
        var forecast = new SurvivalForecaster(new SurvivalOptions { MaxInstances = 20 }).Forecast([.. Enumerable.Repeat(Quiet, 30)], 1).Intervals[0];
        Assert.True(forecast.Available[20] >= forecast.Lost[0]);
        Assert.True(forecast.MeanAvailable <= 20);
    }

    [Fact]
    public void A_loss_makes_the_next_likelier()
    {
        AvailabilityInterval[] calm = [.. Enumerable.Repeat(Quiet, 40)], struck = [.. Enumerable.Repeat(Quiet, 39), new(17, 0, 3)];
        double Any(AvailabilityInterval[] history) => 1 - new SurvivalForecaster().Forecast(history, 1).Intervals[0].Lost[0];
        Assert.True(Any(struck) > 1.5 * Any(calm));
    }

    [Fact]
    public void What_is_missing_is_expected_back_when_it_came_back_before()
    {
        List<AvailabilityInterval> history = [];
        for (int round = 0; round < 6; round++)
        {
            history.AddRange(Enumerable.Repeat(Quiet, 15));
            history.Add(new(12, 0, 8));
            for (int n = 14; n <= 20; n += 2) history.Add(new(n, 2, 0));
        }

        history.AddRange([.. Enumerable.Repeat(Quiet, 5), new(12, 0, 8)]);
        var forecast = new SurvivalForecaster(new SurvivalOptions { MaxInstances = 20 }).Forecast(history, 10);
        Assert.True(forecast.Intervals[9].MeanAvailable > 16);
    }

    [Theory]
    [InlineData("bursts:21,intervals=400", 0.05)]
    [InlineData("zones:21,intervals=400", 0)]
    [InlineData("day:21,intervals=500,period-hours=8", 0.05)]
    [InlineData("selfexciting:21,intervals=400", 0.03)]
    // Nothing to learn: no event draws another, or only those that fill the level again.
    [InlineData("poisson:21,intervals=400", -0.05)]
    [InlineData("shifting:21,intervals=400", -0.1)]
    public void On_traces_that_it_was_not_tuned_on_it_has_skill_where_there_is_any_to_have_and_is_calibrated(string spec, double skill)
    {
        var scores = Backtest.Run([new SurvivalForecaster(new SurvivalOptions { MaxInstances = 32 })], SyntheticTrace.Generate(spec), new BacktestOptions { MaxInstances = 32 })[0].Scores;
        Assert.True(scores.Skill > skill, $"skill {scores.Skill}");
        Assert.InRange(scores.Coverage80, 0.7, 0.9);
        Assert.InRange(scores.Coverage95, 0.88, 1);
    }

    [Fact]
    public void On_the_real_trace_it_beats_persistence_and_is_calibrated()
    {
        var options = new BacktestOptions { MaxInstances = 32 };
        var results = Backtest.Run([new SurvivalForecaster(new SurvivalOptions { MaxInstances = 32 }), new PersistenceForecaster()], BuiltInTraces.Get("aws-p3"), options);
        Assert.True(results[0].Scores.Skill > 0.02, $"skill {results[0].Scores.Skill}");
        Assert.True(results[0].Scores.CountLogScore < results[1].Scores.CountLogScore);
        Assert.InRange(results[0].Scores.Coverage50, 0.45, 0.56);
        Assert.InRange(results[0].Scores.Coverage80, 0.75, 0.85);
        Assert.InRange(results[0].Scores.Coverage95, 0.92, 0.98);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SurvivalForecaster(new SurvivalOptions { Window = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SurvivalForecaster(new SurvivalOptions { PriorLossHazard = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SurvivalForecaster(new SurvivalOptions { SizeMemory = 0 }));
        Assert.Throws<ArgumentException>(() => new SurvivalForecaster().Forecast([], 1));
    }
}
