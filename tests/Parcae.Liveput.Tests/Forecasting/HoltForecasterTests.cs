using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Smoothing;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class HoltForecasterTests
{
    [Fact]
    public void The_parameters_of_a_simulated_series_are_found_again()
    {
        var model = DampedHolt.Fit(Simulate(4000, 0.6, 0.2, 0.9, 3))!;
        Assert.Equal(0.6, model.Alpha, 0.05);
        Assert.Equal(0.2, model.Beta, 0.05);
        Assert.Equal(0.9, model.Damping, 0.04);
        Assert.Equal(1, model.Variance, 0.08);
    }

    [Fact]
    public void A_trend_goes_on_and_is_damped()
    {
        double[] rising = [.. Enumerable.Range(0, 40).Select(t => (2.0 * t) + (t % 2 * 0.2))];
        var means = DampedHolt.Fit(rising)!.Forecast(10).Means;
        double first = means[0] - rising[^1], last = means[9] - means[8];
        Assert.InRange(first, 1, 2.2);
        Assert.InRange(last, 0.1, first - 0.1);
    }

    [Fact]
    public void Nine_of_ten_futures_of_the_process_lie_within_the_central_90_percent()
    {
        int inside = 0, all = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            var series = Simulate(112, 0.7, 0.1, 0.9, seed);
            var (means, deviations) = DampedHolt.Fit(series.AsSpan(0, 100))!.Forecast(12);
            foreach (int h in (int[])[0, 5, 11])
            {
                all++;
                if (Math.Abs(series[100 + h] - means[h]) < 1.645 * deviations[h]) inside++;
            }
        }

        Assert.InRange((double)inside / all, 0.85, 0.94);
    }

    [Fact]
    public void A_short_or_flat_history_is_forecast_as_persistence_does()
    {
        Assert.Null(DampedHolt.Fit([1, 2, 3, 4, 5]));
        Assert.Null(DampedHolt.Fit([4, 4, 4, 4, 4, 4, 4, 4]));
        AvailabilityInterval[] flat = [.. Enumerable.Repeat(new AvailabilityInterval(7, 0, 0), 20)];
        Assert.Equal(new PersistenceForecaster().Forecast(flat, 4).Intervals[3].Available, new HoltForecaster().Forecast(flat, 4).Intervals[3].Available);
    }

    private static double[] Simulate(int length, double alpha, double beta, double damping, int seed)
    {
        var random = new Random(seed);
        double level = 0, trend = 0;
        var series = new double[length];
        for (int t = 0; t < length; t++)
        {
            double error = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            trend *= damping;
            series[t] = level + trend + error;
            level += trend + (alpha * error);
            trend += beta * error;
        }

        return series;
    }
}
