namespace Parcae.Liveput.Forecasting.Backtesting;

/// <summary>Scores of a distribution over counts against what came.</summary>
public static class ForecastScores
{
    /// <summary>Least probability that a logarithmic score counts with, so that one surprise does not decide everything.</summary>
    public const double LeastProbability = 1e-4;

    /// <summary>Continuous ranked probability score: the squared distance of the cumulative distribution from what came, in instances; 0 is best, and a point forecast scores its absolute error.</summary>
    public static double Crps(double[] distribution, int seen)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        double score = 0, upTo = 0;
        for (int n = 0; n < distribution.Length; n++)
        {
            upTo += distribution[n];
            double distance = upTo - (seen <= n ? 1 : 0);
            score += distance * distance;
        }

        return score + Math.Max(0, seen - distribution.Length);
    }

    /// <summary>-ln of the probability of what came, at least <see cref="LeastProbability"/>; 0 is best.</summary>
    public static double LogScore(double[] distribution, int seen)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        return -Math.Log(Math.Max(LeastProbability, seen < distribution.Length ? distribution[seen] : 0));
    }

    /// <summary>
    /// Chance that what came lies in the central band of a share of the distribution, ends being included with the chance that makes the band's probability exactly that share (the randomised
    /// probability integral transform, averaged): a calibrated forecast is covered that often, however coarse its counts.
    /// </summary>
    public static double Covered(double[] distribution, int seen, double share)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        double below = 0, low = (1 - share) / 2, high = 1 - low;
        for (int n = 0; n < Math.Min(seen, distribution.Length); n++) below += distribution[n];
        double p = seen < distribution.Length ? distribution[seen] : 0;
        if (p <= 1e-12) return below > low && below < high ? 1 : 0;
        return Math.Max(0, Math.Min(high, below + p) - Math.Max(low, below)) / p;
    }

    /// <summary>The smallest value with at least this share of the mass at or below it.</summary>
    public static int Quantile(double[] distribution, double share)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        double upTo = 0;
        for (int n = 0; n < distribution.Length; n++)
        {
            upTo += distribution[n];
            if (upTo >= share - 1e-12) return n;
        }

        return distribution.Length - 1;
    }
}
