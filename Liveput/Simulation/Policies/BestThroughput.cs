using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>The strategy of the highest throughput for every number of instances; ties go to the fewest pipelines, then the smallest depth.</summary>
public sealed class BestThroughput
{
    private readonly PlanningProfile _profile;
    private readonly List<Strategy> _best = [Strategy.None];

    /// <summary>For a profile.</summary>
    public BestThroughput(PlanningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        _profile = profile;
    }

    /// <summary>The fastest strategy that fits; <see cref="Strategy.None"/> when none does.</summary>
    public Strategy For(int instances)
    {
        while (_best.Count <= instances)
        {
            int n = _best.Count;
            var best = _best[^1];
            for (int pipelines = 1; pipelines <= Math.Min(n, _profile.MaxPipelines); pipelines++)
            {
                if (n % pipelines != 0) continue;
                var candidate = new Strategy(pipelines, n / pipelines);
                double gain = _profile.Throughput(candidate) - (best.IsPause ? 0 : _profile.Throughput(best));
                bool earlier = (candidate.Pipelines, candidate.Depth).CompareTo((best.Pipelines, best.Depth)) < 0;
                if (gain > 0 || (gain == 0 && !best.IsPause && earlier)) best = candidate;
            }

            _best.Add(best);
        }

        return _best[instances];
    }
}
