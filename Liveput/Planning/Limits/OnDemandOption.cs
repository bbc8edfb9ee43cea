using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning.Limits;

/// <summary>What some on-demand instances can do by themselves.</summary>
/// <param name="Instances">How many, at least 1.</param>
/// <param name="SamplesPerSecond">Their throughput, above 0.</param>
public readonly record struct OnDemandOption(int Instances, double SamplesPerSecond)
{
    /// <summary>The best throughput of every number of instances that is faster than any smaller number.</summary>
    /// <param name="profile">The throughputs.</param>
    /// <param name="maxInstances">Most instances that can be had.</param>
    public static IReadOnlyList<OnDemandOption> Of(PlanningProfile profile, int maxInstances)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var options = new List<OnDemandOption>();
        double fastest = 0;
        for (int instances = 1; instances <= maxInstances; instances++)
        {
            double throughput = 0;
            for (int depth = 1; depth <= Math.Min(instances, profile.MaxDepth); depth++) throughput = Math.Max(throughput, profile.Throughput(instances / depth, depth));
            if (throughput <= fastest) continue;
            options.Add(new OnDemandOption(instances, throughput));
            fastest = throughput;
        }

        return options;
    }
}
