using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Parcae.Liveput.Forecasting.Smoothing;

/// <summary>Exponential smoothing with a damped trend (Holt; ETS(A,Ad,N) as a state space), fitted by maximum likelihood: the least sum of squared one-step errors.</summary>
/// <param name="Alpha">Weight of an error in the level, in [0, 1].</param>
/// <param name="Beta">Weight of an error in the trend, in [0, <paramref name="Alpha"/>].</param>
/// <param name="Damping">What is left of the trend an interval later, in [0.8, 0.98].</param>
/// <param name="Level">The level at the end.</param>
/// <param name="Trend">The trend at the end.</param>
/// <param name="Variance">Variance of the one-step errors, corrected for the parameters fitted.</param>
public sealed record DampedHolt(double Alpha, double Beta, double Damping, double Level, double Trend, double Variance)
{
    private const double LeastDamping = 0.8, MostDamping = 0.98;
    private const int Parameters = 3;

    /// <summary>The shortest series that can be fitted.</summary>
    public const int LeastLength = Parameters + 3;

    /// <summary>Fits a series, or returns null where it is too short or constant.</summary>
    /// <param name="series">Oldest first. The first value is the first level, and the first trend is 0.</param>
    public static DampedHolt? Fit(ReadOnlySpan<double> series)
    {
        if (series.Length < LeastLength || series.IndexOfAnyExcept(series[0]) < 0) return null;
        var values = series.ToArray();
        double least = double.PositiveInfinity;
        (double Alpha, double Share, double Damping) start = default;
        foreach (double alpha in (double[])[0.1, 0.4, 0.7, 0.95])
        {
            foreach (double share in (double[])[0.02, 0.2, 0.6])
            {
                foreach (double damping in (double[])[0.82, 0.9, 0.96])
                {
                    double sum = Run(values, alpha, alpha * share, damping).Squares;
                    if (sum < least) (least, start) = (sum, (alpha, share, damping));
                }
            }
        }

        var (a, s, d) = Refine(values, start, least);
        var (level, trend, squares) = Run(values, a, a * s, d);
        double variance = squares / (values.Length - 1 - Parameters);
        return variance > 1e-9 ? new DampedHolt(a, a * s, d, level, trend, variance) : null;
    }

    /// <summary>Means and standard deviations of the next <paramref name="horizon"/> values.</summary>
    public (double[] Means, double[] Deviations) Forecast(int horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        double[] means = new double[horizon], deviations = new double[horizon];
        double damped = 0, power = 1, sum = 1;
        for (int h = 0; h < horizon; h++)
        {
            // An error j intervals before counts alpha + beta (damping + ... + damping^j).
            if (h > 0)
            {
                double weight = Alpha + (Beta * damped);
                sum += weight * weight;
            }

            power *= Damping;
            damped += power;
            means[h] = Level + (damped * Trend);
            deviations[h] = Math.Sqrt(Variance * sum);
        }

        return (means, deviations);
    }

    private static (double Level, double Trend, double Squares) Run(double[] values, double alpha, double beta, double damping)
    {
        double level = values[0], trend = 0, squares = 0;
        for (int t = 1; t < values.Length; t++)
        {
            trend *= damping;
            double error = values[t] - level - trend;
            squares += error * error;
            level += trend + (alpha * error);
            trend += beta * error;
        }

        return (level, trend, squares);
    }

    /// <summary>From the best of the grid downhill, the parameters kept within bounds by the logistic function.</summary>
    private static (double Alpha, double Share, double Damping) Refine(double[] values, (double Alpha, double Share, double Damping) start, double least)
    {
        static double Logistic(double x) => 1 / (1 + Math.Exp(-x));
        static double Odds(double p) => Math.Log(p / (1 - p));
        static (double Alpha, double Share, double Damping) Bounded(Vector<double> x) =>
            (Logistic(x[0]), Logistic(x[1]), LeastDamping + ((MostDamping - LeastDamping) * Logistic(x[2])));
        var objective = ObjectiveFunction.Value(x =>
        {
            var (alpha, share, damping) = Bounded(x);
            return Math.Log(Run(values, alpha, alpha * share, damping).Squares + 1e-12);
        });
        var from = Vector<double>.Build.DenseOfArray([Odds(start.Alpha), Odds(start.Share), Odds((start.Damping - LeastDamping) / (MostDamping - LeastDamping))]);
        try
        {
            var found = NelderMeadSimplex.Minimum(objective, from, Vector<double>.Build.Dense(3, 0.5), 1e-5, 120);
            return found.FunctionInfoAtMinimum.Value < Math.Log(least) ? Bounded(found.MinimizingPoint) : start;
        }
        catch (MaximumIterationsException)
        {
            // Errors that hardly depend on a parameter: the grid's best is as good.
            return start;
        }
    }
}
