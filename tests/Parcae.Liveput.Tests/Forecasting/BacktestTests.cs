using CsCheck;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Backtesting;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class BacktestTests
{
    private static readonly AvailabilityTrace Trace = new("t", "test", 60, [new(0, 0, 4), new(1, 0, 5), new(0, 2, 3), new(0, 0, 3), new(2, 0, 5), new(0, 0, 5)]);

    [Theory]
    [InlineData(3, 2.0)]
    [InlineData(5, 0.0)]
    [InlineData(9, 4.0)]
    public void The_crps_of_a_point_is_its_absolute_error(int seen, double error) => Assert.Equal(error, ForecastScores.Crps(Samples.Point(5), seen), 1e-12);

    [Fact]
    public void The_crps_is_the_mean_distance_less_half_the_mean_spread() =>
        Gen.Select(Gen.Double[0.01, 1].Array[1, 12], Gen.Int[0, 15]).Sample((weights, seen) =>
        {
            double[] p = [.. weights.Select(w => w / weights.Sum())];
            double distance = p.Select((x, n) => x * Math.Abs(n - seen)).Sum();
            double spread = p.SelectMany((x, n) => p.Select((y, m) => x * y * Math.Abs(n - m))).Sum();
            Assert.Equal(distance - (spread / 2), ForecastScores.Crps(p, seen), 1e-9);
        });

    [Fact]
    public void A_calibrated_forecast_is_covered_as_often_as_it_says() =>
        Gen.Select(Gen.Double[0.01, 1].Array[1, 12], Gen.Double[0.1, 0.95]).Sample((weights, share) =>
        {
            double[] p = [.. weights.Select(w => w / weights.Sum())];
            Assert.Equal(share, p.Select((x, n) => x * ForecastScores.Covered(p, n, share)).Sum(), 1e-9);
        });

    [Fact]
    public void The_future_is_not_shown()
    {
        var spy = new Spy();
        Backtest.Run([spy], Trace, new BacktestOptions { LookAhead = 2, From = 2 });
        Assert.Equal([(2, 5), (3, 3), (4, 3), (5, 5)], spy.Seen);
        spy.Seen.Clear();
        Backtest.Run([spy], Trace, new BacktestOptions { LookAhead = 2, History = 1, From = 4 });
        Assert.Equal([(1, 3), (1, 5)], spy.Seen);
    }

    [Fact]
    public void Errors_are_by_distance_ahead()
    {
        var result = Backtest.Run([new Spy()], Trace, new BacktestOptions { LookAhead = 2, BandsAhead = 2 })[0];
        // Repeats the last count: from 4, 5, 3, 3, 5 on.
        Assert.Equal((1.0 + 2 + 0 + 2 + 0) / 5, result.ByAhead[0].MeanAbsoluteError, 1e-12);
        Assert.Equal((1.0 + 2 + 2 + 2) / 4, result.ByAhead[1].MeanAbsoluteError, 1e-12);
        Assert.Equal(9, result.Scores.Forecasts);
        Assert.Equal(Math.Sqrt(9.0 / 5), result.ByAhead[0].RootMeanSquareError, 1e-12);
        Assert.Equal(new ForecastBands(2, 3, 4, 4, 4, 4, 4, 4, 4), result.Bands[0]);
        Assert.Equal(4, result.Bands.Count);
    }

    [Fact]
    public void Persistence_has_no_skill_over_itself_and_an_oracle_has_all()
    {
        var results = Backtest.Run([new PersistenceForecaster(), new Oracle(Trace)], Trace, new BacktestOptions { LookAhead = 3 });
        Assert.Equal(0, results[0].Scores.Skill, 1e-12);
        Assert.Equal(1, results[1].Scores.Skill, 1e-12);
        Assert.Equal(0, results[1].Scores.LossLogScore, 1e-12);
    }

    [Fact]
    public void What_cannot_be_tested_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Backtest.Run([new Spy()], Trace, new BacktestOptions { From = 6 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Backtest.Run([new Spy()], Trace, new BacktestOptions { To = 7 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Backtest.Run([new Spy()], Trace, new BacktestOptions { LookAhead = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Backtest.Run([new Spy()], Trace, new BacktestOptions { BandsAhead = 13 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Backtest.Run([new Spy()], Trace, new BacktestOptions { History = 0 }));
    }

    /// <summary>Repeats the last count and notes what it was shown.</summary>
    private sealed class Spy : IAvailabilityForecaster
    {
        public List<(int Length, int Last)> Seen { get; } = [];

        public string Name => "spy";

        public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon)
        {
            Seen.Add((history.Count, history[^1].Available));
            return Samples.Certain(Enumerable.Repeat((history[^1].Available, 0), horizon));
        }
    }

    private sealed class Oracle(AvailabilityTrace trace) : IAvailabilityForecaster
    {
        public string Name => "oracle";

        public AvailabilityForecast Forecast(IReadOnlyList<AvailabilityInterval> history, int horizon) =>
            Samples.Certain(Enumerable.Range(history.Count, horizon).Select(i => trace.Intervals[Math.Min(i, trace.Intervals.Count - 1)]).Select(i => (i.Available, i.Removed)));
    }
}
