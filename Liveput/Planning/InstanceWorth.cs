using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning;

/// <summary>
/// What a number of instances is worth to a model: the expected throughput of the best strategy on those that are left when each may be lost. By its increments a fleet decides which of several jobs an instance serves best.
/// </summary>
public static class InstanceWorth
{
    /// <summary>Expected samples per second, <c>[0 .. most]</c>, never falling.</summary>
    /// <param name="profile">Throughput of every strategy.</param>
    /// <param name="lossRate">Probability that an instance is lost within an interval, from 0 to 1; losses are taken as independent.</param>
    /// <param name="most">The most instances that are looked at, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number out of range.</exception>
    public static double[] Of(PlanningProfile profile, double lossRate, int most)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        if (!(lossRate is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(lossRate), lossRate, "A probability is from 0 to 1.");
        double[] best = Best(profile, most);
        var worth = new double[most + 1];
        // Of n + 1 instances as many are left as of n, or one more.
        var left = new double[most + 1];
        left[0] = 1;
        for (int n = 1; n <= most; n++)
        {
            for (int k = n; k > 0; k--) left[k] = (left[k] * lossRate) + (left[k - 1] * (1 - lossRate));
            left[0] *= lossRate;
            for (int k = 0; k <= n; k++) worth[n] += left[k] * best[k];
        }

        return worth;
    }

    /// <summary>Samples per second of the best strategy of at most so many instances.</summary>
    private static double[] Best(PlanningProfile profile, int most)
    {
        var best = new double[most + 1];
        for (int depth = Math.Max(1, profile.MinDepth); depth <= Math.Min(profile.MaxDepth, most); depth++)
        {
            for (int pipelines = 1; pipelines <= Math.Min(profile.MaxPipelines, most / depth); pipelines++)
                best[pipelines * depth] = Math.Max(best[pipelines * depth], profile.Throughput(pipelines, depth));
        }

        for (int n = 1; n <= most; n++) best[n] = Math.Max(best[n], best[n - 1]);
        return best;
    }
}
