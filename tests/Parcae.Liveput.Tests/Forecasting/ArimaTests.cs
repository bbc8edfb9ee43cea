using CsCheck;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Forecasting.Arima;

namespace Parcae.Liveput.Tests.Forecasting;

public sealed class ArimaTests
{
    [Fact]
    public void The_artifacts_fits_are_reproduced() => Assert.All(ArtifactCase.All.Where(c => c.Raw is not null), c =>
    {
        var model = ArimaModel.Fit([.. c.Cleaned.Select(n => (double)n)], new ArimaOrder(1, 1, 0, Drift: true))!;
        Assert.Equal(c.DriftAr1Sigma2!, (double[])[model.Mean, model.Ar[0], model.Variance], (a, b) => Math.Abs(a - b) < 5e-4);
        Assert.All(c.Raw!.Zip(model.Forecast(c.Raw!.Length).Means), pair => Assert.Equal(pair.First, pair.Second, 2e-3));
    });

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(2, 0, 0)]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(1, 2, 0)]
    public void Coefficients_of_a_long_simulated_series_are_found_again(int p, int d, int q)
    {
        double[] ar = p == 2 ? [0.9, -0.3] : p == 1 ? [0.7] : [], ma = q == 1 ? [0.4] : [];
        var series = Simulate(3000, ar, ma, d, mean: 0.2);
        var model = ArimaModel.Fit(series, new ArimaOrder(p, d, q, Drift: true))!;
        for (int i = 0; i < p; i++) Assert.Equal(ar[i], model.Ar[i], 0.1);
        if (q == 1) Assert.Equal(0.4, model.Ma[0], 0.1);
        Assert.Equal(1, model.Variance, 0.1);
    }

    [Fact]
    public void The_likelihood_is_the_gaussian_one()
    {
        // ARMA(1, 1): covariances in closed form, likelihood by Cholesky's factor, against the filter.
        const double phi = 0.6, theta = -0.3;
        double[] x = [0.3, -1.2, 0.8, 2.1, -0.4, 0.0, 1.7];
        var filter = new ArmaFilter(1, 1);
        double found = filter.Filter(x, [phi], [theta], withMean: true);
        int n = x.Length;
        double variance = (1 + (2 * phi * theta) + (theta * theta)) / (1 - (phi * phi)), first = (phi * variance) + theta;
        var covariance = MathNet.Numerics.LinearAlgebra.Matrix<double>.Build.Dense(n, n, (i, j) => i == j ? variance : first * Math.Pow(phi, Math.Abs(i - j) - 1));
        var cholesky = covariance.Cholesky();
        var y = MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(x);
        var ones = MathNet.Numerics.LinearAlgebra.Vector<double>.Build.Dense(n, 1);
        double mean = ones.DotProduct(cholesky.Solve(y)) / ones.DotProduct(cholesky.Solve(ones));
        var centred = y - mean;
        double squares = centred.DotProduct(cholesky.Solve(centred));
        Assert.Equal(mean, filter.Mean, 1e-9);
        Assert.Equal(squares, filter.SumOfSquares, 1e-9);
        Assert.Equal((n * Math.Log(squares / n)) + cholesky.DeterminantLn, found, 1e-9);
    }

    [Fact]
    public void The_spread_of_a_random_walk_grows_with_the_root_of_time()
    {
        var model = ArimaModel.Fit(Simulate(500, [], [], 1, 0), new ArimaOrder(0, 1, 0, Drift: false))!;
        var deviations = model.Forecast(9).Deviations;
        Assert.Equal(3 * deviations[0], deviations[8], 1e-9);
        Assert.Equal(Math.Sqrt(model.Variance), deviations[0], 1e-9);
    }

    [Fact]
    public void Nine_of_ten_futures_of_the_fitted_process_lie_within_the_central_90_percent()
    {
        int inside = 0, all = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var series = Simulate(72, [0.4], [], 1, 0.3, seed);
            var (means, deviations) = ArimaModel.Fit(series.AsSpan(0, 60), new ArimaOrder(1, 1, 0, Drift: true))!.Forecast(12);
            foreach (int h in (int[])[0, 5, 11])
            {
                all++;
                if (Math.Abs(series[60 + h] - means[h]) < 1.645 * deviations[h]) inside++;
            }
        }

        Assert.InRange((double)inside / all, 0.86, 0.93);
    }

    [Fact]
    public void A_flat_or_steady_history_leaves_nothing_to_fit()
    {
        Assert.Null(ArimaModel.Fit([5, 5, 5, 5, 5, 5, 5], new ArimaOrder(1, 1, 0, true)));
        Assert.Null(ArimaModel.Fit([1, 2, 3, 4, 5, 6, 7], new ArimaOrder(1, 1, 0, true)));
        Assert.Null(ArimaModel.Fit([1, 2, 4], new ArimaOrder(1, 1, 0, true)));
    }

    [Fact]
    public void A_short_history_gets_a_smaller_model_and_then_persistence()
    {
        var forecaster = new ArimaForecaster(new ArimaOptions { Order = new(2, 1, 1, Drift: true) });
        Assert.Equal(new ArimaOrder(2, 1, 1, true), forecaster.Model(History(5, 6, 5, 7, 6, 5, 8))!.Order);
        Assert.Equal(new ArimaOrder(1, 1, 0, true), forecaster.Model(History(5, 6, 5, 7, 6))!.Order);
        Assert.Equal(new ArimaOrder(0, 1, 0, true), forecaster.Model(History(5, 6, 5, 7))!.Order);
        Assert.Null(forecaster.Model(History(5, 6)));
        var flat = History(9, 9, 9, 9, 9, 9);
        Assert.Equal(new PersistenceForecaster().Forecast(flat, 3).Intervals[2].Available, forecaster.Forecast(flat, 3).Intervals[2].Available);
    }

    [Fact]
    public void Whatever_the_history_every_distribution_sums_to_1_and_is_the_same_twice() =>
        Gen.Select(Gen.Int[0, 40].Array[1, 40], Gen.Int[1, 12], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Bool).Sample(
            (counts, horizon, p, d, q, drift) =>
            {
                var forecaster = new ArimaForecaster(new ArimaOptions { Order = new(p, d, q, drift), MaxInstances = 40 });
                var (a, b) = (forecaster.Forecast(History(counts), horizon), forecaster.Forecast(History(counts), horizon));
                for (int h = 0; h < horizon; h++)
                {
                    Assert.Equal(1, a.Intervals[h].Available.Sum(), 1e-9);
                    Assert.Equal(1, a.Intervals[h].Lost.Sum(), 1e-9);
                    Assert.True(a.Intervals[h].Available.Length <= 41);
                    Assert.True(a.Intervals[h].Lost.Length <= counts[^1] + 1);
                    Assert.All(a.Intervals[h].Available, x => Assert.InRange(x, 0, 1 + 1e-12));
                    Assert.Equal(a.Intervals[h].Available, b.Intervals[h].Available);
                }
            },
            iter: 300);

    [Fact]
    public void Orders_out_of_range_are_refused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => ArimaModel.Fit([1, 2, 3], new ArimaOrder(6, 1, 0, true)));
        Assert.Contains("p and q from 0 to 5 and d from 0 to 2", error.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArimaForecaster(new ArimaOptions { Window = 0 }));
    }

    private static AvailabilityInterval[] History(params int[] counts) => [.. counts.Select(c => new AvailabilityInterval(c, 0, 0))];

    private static double[] Simulate(int length, double[] ar, double[] ma, int d, double mean, int seed = 1)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var x = new double[length + 200];
        var e = new double[length + 200];
        for (int t = 0; t < x.Length; t++)
        {
            x[t] = e[t] = Normal();
            for (int i = 0; i < ar.Length && i < t; i++) x[t] += ar[i] * x[t - 1 - i];
            for (int i = 0; i < ma.Length && i < t; i++) x[t] += ma[i] * e[t - 1 - i];
        }

        var series = Array.ConvertAll(x[200..], v => v + mean);
        for (int k = 0; k < d; k++)
        {
            for (int t = 1; t < series.Length; t++) series[t] += series[t - 1];
        }

        return series;
    }
}
