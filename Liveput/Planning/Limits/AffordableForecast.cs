using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Preemption;

namespace Parcae.Liveput.Planning.Limits;

/// <summary>A forecast as it is for a renter who takes no more than so many instances.</summary>
/// <remarks>
/// Lost instances are as likely rented ones as others, so that of k lost a hypergeometric number is rented. What was lost is rented again as long as others are left or come. Losses are
/// taken as the same for every count, as in the forecast itself.
/// </remarks>
internal static class AffordableForecast
{
    /// <summary>The forecast for at most <paramref name="most"/> instances.</summary>
    /// <param name="forecast">Of all instances.</param>
    /// <param name="available">Instances usable now, rented or not.</param>
    /// <param name="most">At least 0.</param>
    public static AvailabilityForecast Of(AvailabilityForecast forecast, int available, int most)
    {
        var intervals = new IntervalForecast[forecast.Intervals.Count];
        var before = Distributions.Point(available);
        for (int i = 0; i < intervals.Length; i++)
        {
            intervals[i] = Of(forecast.Intervals[i], before, most);
            before = forecast.Intervals[i].Available;
        }

        return new AvailabilityForecast(intervals);
    }

    private static IntervalForecast Of(IntervalForecast interval, double[] before, int most)
    {
        var lost = new double[Math.Min(interval.Lost.Length - 1, most) + 1];

        // The chance of what is left of all and of those rented, [all][rented].
        var left = new double[]?[before.Length];
        for (int count = 0; count < before.Length; count++)
        {
            if (before[count] < Distributions.Negligible) continue;
            int rented = Math.Min(count, most);
            for (int k = 0; k < interval.Lost.Length; k++)
            {
                if (interval.Lost[k] == 0) continue;
                int gone = Math.Min(k, count);
                var (low, chances) = Hypergeometric.Distribution(count, rented, gone);
                var row = left[count - gone] ??= new double[most + 1];
                for (int j = 0; j < chances.Length; j++)
                {
                    double chance = before[count] * interval.Lost[k] * chances[j];
                    lost[low + j] += chance;
                    row[rented - low - j] += chance;
                }
            }
        }

        return new IntervalForecast { Available = Clipped(interval.Available, most), Lost = Normalized(lost), Joined = interval.Joined is { } joined ? Joined(joined, left, most) : null };
    }

    private static double[]?[] Joined(double[]?[] joined, double[]?[] left, int most)
    {
        var rows = new double[]?[most + 1];
        for (int all = 0; all < left.Length; all++)
        {
            if (left[all] is not { } chances) continue;
            double[] arrivals = (all < joined.Length ? joined[all] : null) ?? [1];
            for (int rented = 0; rented < chances.Length; rented++)
            {
                if (chances[rented] == 0) continue;
                var row = rows[rented] ??= new double[most - rented + 1];
                for (int k = 0; k < arrivals.Length; k++) row[Math.Min(most, all + k) - rented] += chances[rented] * arrivals[k];
            }
        }

        return Array.ConvertAll(rows, row => row is null ? null : Normalized(row));
    }

    private static double[] Clipped(double[] counts, int most)
    {
        if (counts.Length - 1 <= most) return counts;
        var clipped = counts[..(most + 1)];
        clipped[most] = counts[most..].Sum();
        return clipped;
    }

    private static double[] Normalized(double[] weights)
    {
        double total = weights.Sum();
        return Array.ConvertAll(weights, w => w / total);
    }
}
