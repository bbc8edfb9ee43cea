using MathNet.Numerics.LinearAlgebra;
using MathNet.Numerics.Optimization;

namespace Parcae.Liveput.Forecasting.Arima;

/// <summary>Orders of an ARIMA model.</summary>
/// <param name="P">Autoregressive coefficients.</param>
/// <param name="D">Differences taken, 0 to 2.</param>
/// <param name="Q">Moving-average coefficients.</param>
/// <param name="Drift">Whether the differenced series has a mean.</param>
public readonly record struct ArimaOrder(int P, int D, int Q, bool Drift)
{
    /// <summary>Coefficients to estimate, the variance aside.</summary>
    public int Parameters => P + Q + (Drift ? 1 : 0);

    /// <summary>The shortest series that can be fitted.</summary>
    public int LeastLength => Parameters + D + 2;

    /// <inheritdoc/>
    public override string ToString() => $"ARIMA({P},{D},{Q}){(Drift ? " with drift" : "")}";
}

/// <summary>An ARIMA model fitted by exact Gaussian maximum likelihood.</summary>
/// <remarks>
/// Stationarity and invertibility are kept by searching over partial autocorrelations, at most 0.9999 in size. One coefficient is searched on a grid, then by golden section; more by Nelder and Mead's
/// simplex from several starts. Nothing is random.
/// </remarks>
public sealed class ArimaModel
{
    private const double LargestPartial = 0.9999;

    private readonly double[] _tail;
    private readonly ArmaFilter _filter;
    private readonly double[] _differenced;

    private ArimaModel(ArimaOrder order, double[] ar, double[] ma, double[] tail, double[] differenced, ArmaFilter filter)
    {
        (Order, Ar, Ma, _tail, _differenced, _filter) = (order, ar, ma, tail, differenced, filter);
        filter.Filter(differenced, ar, ma, order.Drift);
        Mean = filter.Mean;
        Variance = filter.SumOfSquares / differenced.Length;
        UnbiasedVariance = filter.SumOfSquares / (differenced.Length - order.Parameters);
        MeanVariance = order.Drift ? UnbiasedVariance / filter.MeanPrecision : 0;
    }

    /// <summary>Its orders.</summary>
    public ArimaOrder Order { get; }

    /// <summary>Autoregressive coefficients, <c>[p]</c>.</summary>
    public IReadOnlyList<double> Ar { get; }

    /// <summary>Moving-average coefficients, <c>[q]</c>.</summary>
    public IReadOnlyList<double> Ma { get; }

    /// <summary>Mean of the differenced series (the drift, when differenced once); 0 without.</summary>
    public double Mean { get; }

    /// <summary>Variance of the innovations: the maximum-likelihood estimate.</summary>
    public double Variance { get; }

    /// <summary>Variance of the innovations, corrected for the coefficients estimated.</summary>
    public double UnbiasedVariance { get; }

    /// <summary>Variance of the estimate of <see cref="Mean"/>.</summary>
    public double MeanVariance { get; }

    /// <summary>Fits a model, or returns null where the series is too short for it or leaves nothing unexplained (constant differences).</summary>
    /// <param name="series">Oldest first.</param>
    /// <param name="order">At most 5 coefficients of each kind.</param>
    /// <exception cref="ArgumentOutOfRangeException">An order is out of range.</exception>
    public static ArimaModel? Fit(ReadOnlySpan<double> series, ArimaOrder order)
    {
        Validate(order);
        if (series.Length < order.LeastLength) return null;
        var tail = new double[order.D];
        var differenced = series.ToArray();
        for (int d = 0; d < order.D; d++)
        {
            tail[d] = differenced[^1];
            var finer = new double[differenced.Length - 1];
            for (int t = 0; t < finer.Length; t++) finer[t] = differenced[t + 1] - differenced[t];
            differenced = finer;
        }

        if (Array.TrueForAll(differenced, x => Math.Abs(x - differenced[0]) < 1e-9)) return null;
        var filter = new ArmaFilter(order.P, order.Q);
        double[]? partials = (order.P + order.Q) switch
        {
            0 => [],
            1 => Line(p => Objective(filter, differenced, order, [p])),
            _ => Simplex(order.P + order.Q, p => Objective(filter, differenced, order, p)),
        };
        if (partials is null) return null;
        var (ar, ma) = Coefficients(partials, order);
        var model = new ArimaModel(order, ar, ma, tail, differenced, filter);
        return model.Variance > 1e-9 ? model : null;
    }

    /// <summary>Means and standard deviations of the next <paramref name="horizon"/> values: innovations cumulated by the psi weights, and the uncertainty of the mean.</summary>
    public (double[] Means, double[] Deviations) Forecast(int horizon)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        _filter.Filter(_differenced, (double[])Ar, (double[])Ma, Order.Drift);
        var (means, ofMean) = _filter.Continue(horizon);
        var psi = Psi(horizon);
        for (int d = Order.D - 1; d >= 0; d--)
        {
            double value = _tail[d], dependence = 0, weight = 0;
            for (int h = 0; h < horizon; h++)
            {
                means[h] = value += means[h];
                ofMean[h] = dependence += ofMean[h];
                psi[h] = weight += psi[h];
            }
        }

        var deviations = new double[horizon];
        double sum = 0;
        for (int h = 0; h < horizon; h++)
        {
            sum += psi[h] * psi[h];
            deviations[h] = Math.Sqrt((UnbiasedVariance * sum) + (MeanVariance * ofMean[h] * ofMean[h]));
        }

        return (means, deviations);
    }

    /// <summary>Throws when an order is out of range.</summary>
    internal static void Validate(ArimaOrder order)
    {
        if (order is not { P: >= 0 and <= 5, D: >= 0 and <= 2, Q: >= 0 and <= 5 })
            throw new ArgumentOutOfRangeException(nameof(order), order, "An ARIMA order must have p and q from 0 to 5 and d from 0 to 2.");
    }

    private static double Objective(ArmaFilter filter, double[] differenced, ArimaOrder order, double[] partials)
    {
        var (ar, ma) = Coefficients(partials, order);
        return filter.Filter(differenced, ar, ma, order.Drift);
    }

    /// <summary>Partial autocorrelations to coefficients (Durbin and Levinson); the moving average's are taken with the opposite sign.</summary>
    private static (double[] Ar, double[] Ma) Coefficients(double[] partials, ArimaOrder order)
    {
        double[] ar = Levinson(partials.AsSpan(0, order.P)), ma = Levinson(partials.AsSpan(order.P));
        for (int j = 0; j < ma.Length; j++) ma[j] = -ma[j];
        return (ar, ma);
    }

    private static double[] Levinson(ReadOnlySpan<double> partials)
    {
        var phi = new double[partials.Length];
        var before = new double[partials.Length];
        for (int k = 0; k < phi.Length; k++)
        {
            phi.AsSpan(0, k).CopyTo(before);
            phi[k] = partials[k];
            for (int j = 0; j < k; j++) phi[j] = before[j] - (partials[k] * before[k - 1 - j]);
        }

        return phi;
    }

    private static double[] Line(Func<double, double> objective)
    {
        const int cells = 32;
        const double step = 2 * LargestPartial / cells;
        int best = 0;
        double least = double.PositiveInfinity;
        for (int i = 0; i <= cells; i++)
        {
            double value = objective(-LargestPartial + (i * step));
            if (value < least) (best, least) = (i, value);
        }

        double low = -LargestPartial + (Math.Max(0, best - 1) * step), high = -LargestPartial + (Math.Min(cells, best + 1) * step);
        return [GoldenSection(objective, low, high)];
    }

    /// <summary>The library's own refuses an interval whose least value lies at an end, which near a unit root it does.</summary>
    private static double GoldenSection(Func<double, double> objective, double low, double high)
    {
        const double section = 0.6180339887498949;
        double left = high - (section * (high - low)), right = low + (section * (high - low));
        double atLeft = objective(left), atRight = objective(right);
        while (high - low > 1e-6)
        {
            if (atLeft < atRight)
            {
                (high, right, atRight) = (right, left, atLeft);
                atLeft = objective(left = high - (section * (high - low)));
            }
            else
            {
                (low, left, atLeft) = (left, right, atRight);
                atRight = objective(right = low + (section * (high - low)));
            }
        }

        return (low + high) / 2;
    }

    private static double[]? Simplex(int dimensions, Func<double[], double> objective)
    {
        // The search runs over all numbers; tanh brings them within bounds.
        static double[] Bounded(Vector<double> x) => [.. x.Select(v => LargestPartial * Math.Tanh(v))];
        var function = ObjectiveFunction.Value(x => objective(Bounded(x)));
        double[]? best = null;
        double least = double.PositiveInfinity;
        foreach (double start in (double[])[0.2, -0.4])
        {
            MinimizationResult found;
            try
            {
                found = NelderMeadSimplex.Minimum(function, Vector<double>.Build.Dense(dimensions, start), Vector<double>.Build.Dense(dimensions, 0.5), 1e-6, 400);
            }
            catch (MaximumIterationsException)
            {
                // Far out in a flat likelihood: another start, or in the end a smaller model, does better.
                continue;
            }

            double value = found.FunctionInfoAtMinimum.Value;
            if (value < least) (best, least) = (Bounded(found.MinimizingPoint), value);
        }

        return best;
    }

    /// <summary>The differenced series as a moving average of its innovations: psi 0 = 1.</summary>
    private double[] Psi(int count)
    {
        var psi = new double[count];
        for (int j = 0; j < count; j++)
        {
            double sum = j == 0 ? 1 : j <= Ma.Count ? Ma[j - 1] : 0;
            for (int i = 0; i < Math.Min(Ar.Count, j); i++) sum += Ar[i] * psi[j - 1 - i];
            psi[j] = sum;
        }

        return psi;
    }
}
