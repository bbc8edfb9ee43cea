using MathNet.Numerics;

namespace Parcae.Liveput.Forecasting;

/// <summary>Distributions over whole numbers from 0, as arrays of probabilities that sum to 1.</summary>
internal static class Distributions
{
    /// <summary>Probabilities under this are not carried along.</summary>
    public const double Negligible = 1e-9;

    /// <summary>All mass on one value.</summary>
    public static double[] Point(int value)
    {
        var p = new double[value + 1];
        p[value] = 1;
        return p;
    }

    /// <summary>The same distribution for every count up to a greatest one.</summary>
    public static double[]?[] Rows(double[] distribution, int most)
    {
        var rows = new double[]?[most + 1];
        Array.Fill(rows, distribution);
        return rows;
    }

    /// <summary>A normal distribution rounded to whole numbers; what falls below 0 or above <paramref name="highest"/> is put there.</summary>
    /// <param name="mean">Any finite number.</param>
    /// <param name="deviation">At least 0; 0 is a point.</param>
    /// <param name="highest">Greatest value.</param>
    public static double[] Normal(double mean, double deviation, int highest)
    {
        if (!(deviation > 1e-6)) return Point((int)Math.Clamp(Math.Round(mean), 0, highest));
        int last = (int)Math.Clamp(Math.Ceiling(mean + (6 * deviation)), 0, highest);
        var p = new double[last + 1];
        double below = 0;
        for (int n = 0; n < last; n++)
        {
            double upTo = 0.5 * SpecialFunctions.Erfc((mean - n - 0.5) / (deviation * Constants.Sqrt2));
            p[n] = upTo - below;
            below = upTo;
        }

        p[last] = 1 - below;
        return p;
    }

    /// <summary>How many of <paramref name="count"/> are lost when each is with chance <paramref name="hazard"/>, correlated in pairs; the negligible tail is cut off.</summary>
    public static double[] BetaBinomial(int count, double hazard, double correlation)
    {
        double spread = (1 / correlation) - 1, alpha = hazard * spread, beta = (1 - hazard) * spread;
        var lost = new double[count + 1];
        double p = 1;
        for (int j = 0; j < count; j++) p *= (beta + j) / (alpha + beta + j);
        for (int k = 0; k <= count; k++)
        {
            lost[k] = p;
            if (k < count) p *= (double)(count - k) / (k + 1) * (alpha + k) / (beta + count - k - 1);
        }

        return Trimmed(lost);
    }

    /// <summary>Cuts the negligible tail off and makes the rest sum to 1.</summary>
    public static double[] Trimmed(double[] distribution)
    {
        int last = distribution.Length - 1;
        while (last > 0 && distribution[last] < Negligible) last--;
        double total = 0;
        for (int n = 0; n <= last; n++) total += distribution[n];
        var kept = new double[last + 1];
        for (int n = 0; n <= last; n++) kept[n] = distribution[n] / total;
        return kept;
    }

    /// <summary>Adds <paramref name="weight"/> times a distribution to <paramref name="sum"/>, which grows as needed.</summary>
    public static void Add(ref double[] sum, double[] distribution, double weight)
    {
        if (sum.Length < distribution.Length) Array.Resize(ref sum, distribution.Length);
        Lanes.AddScaled(sum, distribution, weight);
    }

    /// <summary>The mean.</summary>
    public static double Mean(double[] distribution)
    {
        double mean = 0;
        for (int n = 0; n < distribution.Length; n++) mean += n * distribution[n];
        return mean;
    }
}
