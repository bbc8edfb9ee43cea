using CsCheck;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class PersistenceForecasterTests
{
    private readonly PersistenceForecaster _forecaster = new();

    [Fact]
    public void Defaults_are_as_documented() => Assert.Equal(
        (120, 0.01, 1000.0, 0.12, (int?)null),
        new PersistenceOptions() is var o ? (o.Window, o.PriorHazard, o.PriorWeight, o.Correlation, o.MaxInstances) : default);

    [Fact]
    public void Every_distribution_sums_to_1() =>
        Gen.Select(Gen.Select(Gen.Int[0, 40], Gen.Int[0, 5], Gen.Int[0, 5], (a, j, l) => new AvailabilityInterval(a, j, l)).Array[1, 30], Gen.Int[1, 12]).Sample(
            (history, horizon) =>
            {
                var forecast = _forecaster.Forecast(history, horizon);
                Assert.Equal(horizon, forecast.Intervals.Count);
                foreach (var interval in forecast.Intervals)
                {
                    Assert.Equal(1, interval.Available.Sum(), 1e-9);
                    Assert.Equal(1, interval.Lost.Sum(), 1e-9);
                    Assert.All(interval.Available, p => Assert.InRange(p, 0, 1));
                    Assert.True(interval.Lost.Length <= history[^1].Available + 1);
                }
            },
            iter: 200);

    [Fact]
    public void The_last_count_is_the_mean_and_the_likeliest()
    {
        var forecast = _forecaster.Forecast([new(25, 0, 0), new(20, 0, 5)], 12);
        Assert.All(forecast.Intervals, i => Assert.Equal(20, i.MeanAvailable, 0.05));
        Assert.All(forecast.Intervals, i => Assert.Equal(20, Array.IndexOf(i.Available, i.Available.Max())));
        Assert.True(Spread(forecast.Intervals[11]) > 2 * Spread(forecast.Intervals[0]));
        Assert.True(forecast.Intervals[0].Available[22] > 0.001);
    }

    [Fact]
    public void A_quiet_past_does_not_mean_never()
    {
        var forecast = _forecaster.Forecast([.. Enumerable.Repeat(new AvailabilityInterval(6, 0, 0), 200)], 1);
        double any = 1 - forecast.Intervals[0].Lost[0];
        Assert.InRange(any, 0.01, 0.06);
    }

    [Fact]
    public void Losses_in_the_window_raise_the_hazard_and_older_ones_do_not()
    {
        AvailabilityInterval quiet = new(10, 0, 0), loss = new(10, 2, 2);
        double base_ = _forecaster.Hazard([.. Enumerable.Repeat(quiet, 20)]);
        Assert.True(_forecaster.Hazard([.. Enumerable.Repeat(quiet, 19), loss]) > base_ + 0.001);
        Assert.Equal(_forecaster.Hazard([.. Enumerable.Repeat(quiet, 120)]), _forecaster.Hazard([loss, .. Enumerable.Repeat(quiet, 120)]), 1e-12);
    }

    [Fact]
    public void A_bound_on_the_fleet_is_kept()
    {
        var forecast = new PersistenceForecaster(new PersistenceOptions { MaxInstances = 6 }).Forecast([new(6, 0, 0)], 12);
        Assert.All(forecast.Intervals, i => Assert.True(i.Available.Length <= 7));
    }

    [Fact]
    public void No_instance_can_be_lost_where_there_is_none()
    {
        var interval = _forecaster.Forecast([new(0, 0, 3)], 2).Intervals[1];
        Assert.Equal([1.0], interval.Lost);
        Assert.True(interval.Available[1] > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(12)]
    public void Nine_of_ten_counts_of_the_real_trace_lie_within_the_central_90_percent(int ahead)
    {
        var history = BuiltInTraces.Get("aws-p3").ToHistory();
        int inside = 0, all = 0;
        for (int now = 12; now + ahead < history.Length; now += 3, all++)
        {
            var counts = _forecaster.Forecast(history[..(now + 1)], ahead).Intervals[^1].Available;
            int seen = history[now + ahead].Available;
            double below = counts.Take(seen).Sum(), upTo = counts.Take(seen + 1).Sum();
            if (upTo >= 0.05 && below <= 0.95) inside++;
        }

        Assert.InRange((double)inside / all, 0.84, 0.97);
    }

    [Fact]
    public void Options_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PersistenceForecaster(new PersistenceOptions { Window = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PersistenceForecaster(new PersistenceOptions { PriorHazard = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PersistenceForecaster(new PersistenceOptions { Correlation = 1 }));
        Assert.Throws<ArgumentException>(() => _forecaster.Forecast([], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _forecaster.Forecast([new(1, 0, 0)], 0));
    }

    private static double Spread(IntervalForecast interval)
    {
        double mean = interval.MeanAvailable, sum = 0;
        for (int n = 0; n < interval.Available.Length; n++) sum += interval.Available[n] * (n - mean) * (n - mean);
        return sum;
    }
}
