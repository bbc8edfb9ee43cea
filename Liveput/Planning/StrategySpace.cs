using Parcae.Liveput.Costs;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning;

/// <summary>The strategies that a plan weighs, by index: 0 is the pause, the others grow by instances used (then depth), so that those that fit n instances are a prefix.</summary>
internal sealed class StrategySpace
{
    private readonly int[] _fitting;
    private readonly int[] _bestFitting;
    private readonly int[][] _bestAtMost;

    public StrategySpace(PlanningProfile profile, IMigrationCostModel costs, int maxInstances, int maxStrategies, Strategy current)
    {
        Strategies = Choose(profile, maxInstances, maxStrategies, current);
        Count = Strategies.Length;
        Throughput = Array.ConvertAll(Strategies, profile.Throughput);
        _fitting = new int[maxInstances + 1];
        _bestFitting = new int[maxInstances + 1];
        int next = 1, best = 0;
        for (int n = 0; n <= maxInstances; n++)
        {
            for (; next < Count && Strategies[next].Instances <= n; next++)
            {
                if (Throughput[next] > Throughput[best]) best = next;
            }

            (_fitting[n], _bestFitting[n]) = (next, best);
        }

        _bestAtMost = BestAtMost(profile.MaxDepth);
        Moves = new double[Count * Count];
        Remans = new double[Count * Count];
        for (int from = 0; from < Count; from++)
        {
            for (int to = 1; to < Count; to++)
            {
                if (to == from) continue;
                var (old, wanted) = (Strategies[from], Strategies[to]);
                Moves[(from * Count) + to] = costs.Seconds(MigrationCase.Between(old, old.Pipelines, wanted));
                if (old.Depth == wanted.Depth && wanted.Pipelines < old.Pipelines) Remans[(from * Count) + to] = costs.Seconds(MigrationCase.Between(old, 0, wanted));
            }

            if (from > 0) Remans[(from * Count) + from] = costs.Seconds(MigrationCase.Between(Strategies[from], 0, Strategies[from]));
        }
    }

    /// <summary>The strategies, <c>[Count]</c>.</summary>
    public Strategy[] Strategies { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Samples per second of each, undisturbed.</summary>
    public double[] Throughput { get; }

    /// <summary>Seconds to change from one, with all its instances there, to another, <c>[from * Count + to]</c>; 0 for a pause.</summary>
    public double[] Moves { get; }

    /// <summary>Seconds to man, at the same depth, more pipelines than are intact, <c>[from * Count + to]</c>; only for no more pipelines than before.</summary>
    public double[] Remans { get; }

    /// <summary>How many strategies, the pause among them, fit <paramref name="instances"/>.</summary>
    public int Fitting(int instances) => _fitting[Math.Min(instances, _fitting.Length - 1)];

    /// <summary>The strategy of the highest throughput that fits; the pause when none does.</summary>
    public int BestFitting(int instances) => _bestFitting[Math.Min(instances, _bestFitting.Length - 1)];

    /// <summary>The strategy of the highest throughput with this depth and at most so many pipelines; the pause when there is none.</summary>
    public int BestAtMost(int pipelines, int depth) => pipelines <= 0 ? 0 : _bestAtMost[depth][Math.Min(pipelines, _bestAtMost[depth].Length - 1)];

    /// <summary>The index of a strategy, or -1.</summary>
    public int IndexOf(Strategy strategy) => Array.IndexOf(Strategies, strategy);

    private static Strategy[] Choose(PlanningProfile profile, int maxInstances, int maxStrategies, Strategy current)
    {
        var all = new List<(Strategy Strategy, double Throughput)>();
        var bestWith = new double[maxInstances + 1];
        for (int depth = Math.Max(1, profile.MinDepth); depth <= Math.Min(profile.MaxDepth, maxInstances); depth++)
        {
            for (int pipelines = 1; pipelines <= Math.Min(profile.MaxPipelines, maxInstances / depth); pipelines++)
            {
                double throughput = profile.Throughput(pipelines, depth);
                if (throughput <= 0) continue;
                all.Add((new Strategy(pipelines, depth), throughput));
                bestWith[pipelines * depth] = Math.Max(bestWith[pipelines * depth], throughput);
            }
        }

        if (all.Count >= maxStrategies)
        {
            // How close a strategy comes to the best for the number of instances that it uses: what is far off will not be chosen.
            for (int n = 1; n <= maxInstances; n++) bestWith[n] = Math.Max(bestWith[n], bestWith[n - 1]);
            all = [.. all.OrderByDescending(s => s.Strategy == current ? double.PositiveInfinity : s.Throughput / bestWith[s.Strategy.Instances])
                .ThenByDescending(s => s.Strategy.Instances).ThenBy(s => s.Strategy.Depth).Take(maxStrategies - 1)];
        }

        var chosen = new Strategy[all.Count + 1];
        for (int i = 0; i < all.Count; i++) chosen[i + 1] = all[i].Strategy;
        Array.Sort(chosen, static (a, b) => a.Instances != b.Instances ? a.Instances.CompareTo(b.Instances) : a.Depth.CompareTo(b.Depth));
        return chosen;
    }

    private int[][] BestAtMost(int maxDepth)
    {
        var widest = new int[maxDepth + 1];
        foreach (var s in Strategies) widest[s.Depth] = Math.Max(widest[s.Depth], s.Pipelines);
        var best = Array.ConvertAll(widest, w => new int[w + 1]);
        for (int i = 1; i < Count; i++) best[Strategies[i].Depth][Strategies[i].Pipelines] = i;
        foreach (int[] row in best)
        {
            for (int pipelines = 1; pipelines < row.Length; pipelines++)
            {
                if (Throughput[row[pipelines]] <= Throughput[row[pipelines - 1]]) row[pipelines] = row[pipelines - 1];
            }
        }

        return best;
    }
}
