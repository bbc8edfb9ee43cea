namespace Parcae.Liveput.Forecasting.Arima;

/// <summary>
/// The Kalman filter of a stationary ARMA(p, q) process in Harvey's state-space form. The series and a column of ones go through it together, so that the mean comes out by
/// generalised least squares.
/// </summary>
internal sealed class ArmaFilter
{
    private readonly int _p, _q, _r;
    private readonly double[] _ar, _shock, _gain, _state, _ones, _scratch;
    private readonly double[] _covariance;
    private double[] _power, _next;

    public ArmaFilter(int p, int q)
    {
        (_p, _q, _r) = (p, q, Math.Max(Math.Max(p, q + 1), 1));
        (_ar, _shock, _gain, _state, _ones, _scratch) = (new double[_r], new double[_r], new double[_r], new double[_r], new double[_r], new double[_r]);
        (_covariance, _power, _next) = (new double[_r * _r], new double[_r * _r], new double[_r * _r]);
    }

    /// <summary>Mean of the series; 0 without a mean.</summary>
    public double Mean { get; private set; }

    /// <summary>Sum of squared standardised innovations around the mean.</summary>
    public double SumOfSquares { get; private set; }

    /// <summary>Sum of squared standardised innovations of the column of ones: the mean's variance is the innovations' divided by it.</summary>
    public double MeanPrecision { get; private set; }

    /// <summary>Sum of the logarithms of the innovations' relative variances.</summary>
    public double LogVariances { get; private set; }

    /// <summary>Filters a series.</summary>
    /// <param name="series">At least one value.</param>
    /// <param name="ar">Autoregressive coefficients of a stationary process, <c>[p]</c>.</param>
    /// <param name="ma">Moving-average coefficients, <c>[q]</c>.</param>
    /// <param name="withMean">Whether a mean is estimated.</param>
    /// <returns>-2 log likelihood, concentrated over mean and variance, up to a constant.</returns>
    public double Filter(ReadOnlySpan<double> series, ReadOnlySpan<double> ar, ReadOnlySpan<double> ma, bool withMean)
    {
        Array.Clear(_ar);
        Array.Clear(_shock);
        ar.CopyTo(_ar);
        _shock[0] = 1;
        ma.CopyTo(_shock.AsSpan(1));
        StationaryCovariance();
        Array.Clear(_state);
        Array.Clear(_ones);
        double yy = 0, y1 = 0, ones = 0, logs = 0;
        foreach (double y in series)
        {
            double f = _covariance[0], v = y - _state[0], u = 1 - _ones[0];
            yy += v * v / f;
            y1 += v * u / f;
            ones += u * u / f;
            logs += Math.Log(f);
            for (int i = 0; i < _r; i++) _gain[i] = _covariance[i * _r] / f;
            for (int i = 0; i < _r; i++)
            {
                _state[i] += _gain[i] * v;
                _ones[i] += _gain[i] * u;
            }

            // After the update the covariance loses gain * gain' * f; then one step of the process.
            for (int i = 0; i < _r; i++)
            {
                for (int j = 0; j < _r; j++) _next[(i * _r) + j] = _covariance[(i * _r) + j] - (_gain[i] * _gain[j] * f);
            }

            Transition(_next, _covariance);
            Advance(_state);
            Advance(_ones);
        }

        Mean = withMean ? y1 / ones : 0;
        MeanPrecision = ones;
        SumOfSquares = Math.Max(0, withMean ? yy - (y1 * y1 / ones) : yy);
        LogVariances = logs;
        return (series.Length * Math.Log(Math.Max(SumOfSquares, 1e-12) / series.Length)) + logs;
    }

    /// <summary>After <see cref="Filter"/>: the next values of the series, and how much each depends on the mean.</summary>
    public (double[] Values, double[] OfMean) Continue(int horizon)
    {
        var (values, ofMean) = (new double[horizon], new double[horizon]);
        for (int h = 0; h < horizon; h++)
        {
            ofMean[h] = 1 - _ones[0];
            values[h] = _state[0] + (Mean * ofMean[h]);
            Advance(_state);
            Advance(_ones);
        }

        return (values, ofMean);
    }

    /// <summary>state := T state, T holding the coefficients in its first column and ones above its diagonal.</summary>
    private void Advance(double[] state)
    {
        double first = state[0];
        for (int i = 0; i < _r; i++) state[i] = (_ar[i] * first) + (i + 1 < _r ? state[i + 1] : 0);
    }

    /// <summary>to := T from T' + shock shock'.</summary>
    private void Transition(double[] from, double[] to)
    {
        for (int i = 0; i < _r; i++)
        {
            for (int j = 0; j < _r; j++)
            {
                double sum = (_ar[i] * _ar[j] * from[0]) + (_shock[i] * _shock[j]);
                if (j + 1 < _r) sum += _ar[i] * from[j + 1];
                if (i + 1 < _r) sum += from[(i + 1) * _r] * _ar[j];
                if (i + 1 < _r && j + 1 < _r) sum += from[((i + 1) * _r) + j + 1];
                to[(i * _r) + j] = sum;
            }
        }
    }

    /// <summary>Solves P = T P T' + shock shock' by doubling: after k rounds the sum holds 2^k terms.</summary>
    private void StationaryCovariance()
    {
        if (_p <= 1 && _q == 0)
        {
            _covariance[0] = 1 / (1 - (_ar[0] * _ar[0]));
            return;
        }

        Array.Clear(_power);
        for (int i = 0; i < _r; i++)
        {
            _power[i * _r] = _ar[i];
            if (i + 1 < _r) _power[(i * _r) + i + 1] = 1;
            for (int j = 0; j < _r; j++) _covariance[(i * _r) + j] = _shock[i] * _shock[j];
        }

        for (int round = 0; round < 40; round++)
        {
            double largest = 0;
            for (int j = 0; j < _r; j++)
            {
                // Column j of power * covariance, then its products with the rows of power.
                for (int i = 0; i < _r; i++) _scratch[i] = Dot(i, j);
                for (int i = 0; i < _r; i++) _next[(i * _r) + j] = _scratch[i];
            }

            for (int i = 0; i < _r; i++)
            {
                for (int j = 0; j < _r; j++)
                {
                    double sum = 0;
                    for (int k = 0; k < _r; k++) sum += _next[(i * _r) + k] * _power[(j * _r) + k];
                    largest = Math.Max(largest, Math.Abs(sum));
                    _covariance[(i * _r) + j] += sum;
                }
            }

            if (largest < 1e-12 * _covariance[0]) break;
            Square();
        }

        double Dot(int row, int column)
        {
            double sum = 0;
            for (int k = 0; k < _r; k++) sum += _power[(row * _r) + k] * _covariance[(k * _r) + column];
            return sum;
        }
    }

    private void Square()
    {
        for (int i = 0; i < _r; i++)
        {
            for (int j = 0; j < _r; j++)
            {
                double sum = 0;
                for (int k = 0; k < _r; k++) sum += _power[(i * _r) + k] * _power[(k * _r) + j];
                _next[(i * _r) + j] = sum;
            }
        }

        (_power, _next) = (_next, _power);
    }
}
