using CsCheck;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;
using Parcae.Liveput.Forecasting.Ensemble;
using Parcae.Liveput.Traces;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class EnsembleForecasterTests
{
    [Fact]
    public void Defaults_are_as_documented() => Assert.Equal(
        (24, 4, 0.97, 16.0, 0.03), new EnsembleOptions() is var o ? (o.Trials, o.Spacing, o.Memory, o.PriorTrials, o.Temperature) : default);

    [Fact]
    public void A_member_that_knows_better_gets_the_weight_and_one_that_does_worse_none()
    {
        AvailabilityInterval[] rising = [.. Enumerable.Range(10, 60).Select(n => new AvailabilityInterval(n, 1, 0))];
        var ensemble = new EnsembleForecaster([new(new Shift("stays", 0)), new(new Shift("rises", 1)), new(new Shift("falls", -1))]);
        Assert.Equal(("stays", 0.0), (ensemble.Weigh(rising, 6)[0].Forecaster, Math.Round(ensemble.Weigh(rising, 6)[0].Weight, 3)));
        Assert.Equal(1, ensemble.Weigh(rising, 6)[1].Weight, 0.01);
        Assert.Equal(0, ensemble.Weigh(rising, 6)[2].Weight);
        Assert.Equal(70, ensemble.Forecast(rising, 1).Intervals[0].MeanAvailable, 0.05);
    }

    [Fact]
    public void Where_all_others_do_worse_it_is_persistence()
    {
        AvailabilityInterval[] flat = [.. Enumerable.Repeat(new AvailabilityInterval(10, 0, 0), 60)];
        var ensemble = new EnsembleForecaster([new(new Shift("stays", 0)), new(new Shift("rises", 1)), new(new Shift("falls", -1))]);
        Assert.Equal(1, ensemble.Weigh(flat, 6)[0].Weight);
        Assert.Equal(Samples.Point(10), ensemble.Forecast(flat, 6).Intervals[5].Available);
    }

    [Fact]
    public void Before_anything_is_known_the_expectations_decide()
    {
        var ensemble = new EnsembleForecaster([new(new Shift("stays", 0)), new(new Shift("rises", 1), 0.5), new(new Shift("falls", -1), 2)]);
        var weights = ensemble.Weigh([new(10, 0, 0)], 6);
        Assert.True(weights[1].Weight > 0.99);
        Assert.Equal(0, weights[2].Weight);
    }

    [Fact]
    public void What_was_forecast_before_does_not_change_a_forecast()
    {
        var history = SyntheticTrace.Generate("bursts:5,intervals=120").ToHistory();
        var used = Forecasters.Create("ensemble", maxInstances: 32);
        for (int n = 1; n < history.Length; n += 3) used.Forecast(history[..n], 6);
        used.Forecast(SyntheticTrace.Generate("bursts:6,intervals=120").ToHistory(), 6);
        var fresh = Forecasters.Create("ensemble", maxInstances: 32).Forecast(history, 6);
        Assert.All(fresh.Intervals.Zip(used.Forecast(history, 6).Intervals), pair => Assert.Equal(pair.First.Available, pair.Second.Available));
    }

    [Fact]
    public void On_the_real_trace_it_beats_persistence_and_is_calibrated()
    {
        var scores = Backtest.Run([Forecasters.Create("ensemble", maxInstances: 32)], BuiltInTraces.Get("aws-p3"), new BacktestOptions { MaxInstances = 32 })[0].Scores;
        Assert.True(scores.Skill > 0.03, $"skill {scores.Skill}");
        Assert.InRange(scores.Coverage80, 0.72, 0.88);
    }

    [Theory]
    [InlineData("persistence")]
    [InlineData("arima")]
    [InlineData("artifact-arima")]
    [InlineData("holt")]
    [InlineData("survival")]
    [InlineData("ensemble")]
    public void Every_forecaster_can_be_made_by_name_and_forecasts_any_history(string name)
    {
        Assert.Contains(name, Forecasters.Names);
        var forecaster = Forecasters.Create(name.ToUpperInvariant(), 1, 32);
        Assert.Equal(name, forecaster.Name);
        Gen.Select(Gen.Select(Gen.Int[0, 32], Gen.Int[0, 4], Gen.Int[0, 4], (a, j, l) => new AvailabilityInterval(a, Math.Min(a, j), l)).Array[1, 30], Gen.Int[1, 12]).Sample(
            (history, horizon) =>
            {
                var forecast = forecaster.Forecast(history, horizon);
                Assert.Equal(horizon, forecast.Intervals.Count);
                Assert.All(forecast.Intervals, i => Assert.Equal(1, i.Available.Sum(), 1e-9));
                Assert.All(forecast.Intervals, i => Assert.Equal(1, i.Lost.Sum(), 1e-9));
                Assert.All(forecast.Intervals, i => Assert.True(i.Available.Length <= 33));
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_those_that_there_are()
    {
        var error = Assert.Throws<ArgumentException>(() => Forecasters.Create("prophet"));
        Assert.Contains("'prophet' is not a forecaster; it must be one of persistence, arima, artifact-arima, holt, survival, ensemble.", error.Message);
    }

    /// <summary>Every interval moves the count by the same.</summary>
    private sealed class Shift(string name, int by) : IAvailabilityForecaster
    {
        public string Name => name;

        public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon) =>
            Samples.Certain(Enumerable.Range(1, horizon).Select(h => (Math.Max(0, history[^1].Available + (h * by)), 0)));
    }
}
