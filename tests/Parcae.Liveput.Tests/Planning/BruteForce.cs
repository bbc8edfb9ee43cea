using System.Numerics;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

/// <summary>The planner's problem solved straight from its definition: every choice, every subset of lost instances, every pairing of quantiles. For a handful of instances.</summary>
internal sealed class BruteForce(PlanningProfile profile, IMigrationCostModel costs, int[][] counts, int[][] losses, double interval)
{
    private readonly Dictionary<(int, int, Strategy), double> _known = [];

    /// <summary>Expected samples from interval <paramref name="i"/> on. Counts and losses of an interval are equally likely values; costs are shorter than an interval.</summary>
    public double Value(int i, int available, Strategy current)
    {
        if (i == counts.Length) return 0;
        if (!_known.TryGetValue((i, available, current), out double best))
        {
            best = Fitting(available).DefaultIfEmpty(Strategy.None).Max(s => Value(i, available, current, s));
            _known[(i, available, current)] = best;
        }

        return best;
    }

    /// <summary>The same when <paramref name="chosen"/> is taken now.</summary>
    public double Value(int i, int available, Strategy current, Strategy chosen)
    {
        double expected = 0, work = interval - Seconds(current, current.Pipelines, chosen);
        foreach (var group in Outcomes(i, available).GroupBy(o => o.Lost))
        {
            double chance = group.Sum(o => o.Chance);
            double Future(Strategy s) => group.Sum(o => o.Chance / chance * Value(i + 1, o.Next, s));
            int subsets = 0;
            double sum = 0;
            for (uint subset = 0; subset < 1u << available; subset++)
            {
                if (BitOperations.PopCount(subset) != group.Key) continue;
                subsets++;
                var (strategy, seconds) = Recover(chosen, Intact(chosen, subset), available - group.Key, Future);
                sum += (work * (1 - (seconds / interval)) * profile.Throughput(strategy)) + Future(strategy);
            }

            expected += chance * sum / subsets;
        }

        return expected;
    }

    private static int Intact(Strategy strategy, uint lost)
    {
        int worst = strategy.Pipelines;
        for (int stage = 0; stage < strategy.Depth; stage++)
        {
            int kept = 0;
            for (int j = stage; j < strategy.Instances; j += strategy.Depth) kept += (lost >> j & 1) == 0 ? 1 : 0;
            worst = Math.Min(worst, kept);
        }

        return worst;
    }

    private (Strategy Strategy, double Seconds) Recover(Strategy chosen, int intact, int left, Func<Strategy, double> future)
    {
        if (chosen.IsPause || intact == chosen.Pipelines) return (chosen, 0);
        var manned = Best(Fitting(left).Where(s => s.Depth == chosen.Depth && s.Pipelines <= chosen.Pipelines));
        var fastest = Best(Fitting(left));
        bool gains = !manned.IsPause && profile.Throughput(fastest) > profile.Throughput(chosen);
        Strategy[] ways = [Best(Fitting(left).Where(s => s.Depth == chosen.Depth && s.Pipelines <= intact)), manned, gains ? Strategy.None : fastest];
        return ways.Where(w => !w.IsPause).DefaultIfEmpty(Strategy.None).Select(w => (w, Seconds(chosen, intact, w))).MaxBy(w => ((interval - w.Item2) * profile.Throughput(w.w)) + future(w.w));
    }

    private Strategy Best(IEnumerable<Strategy> strategies) =>
        strategies.OrderByDescending(profile.Throughput).ThenBy(s => s.Instances).ThenBy(s => s.Depth).FirstOrDefault();

    private IEnumerable<Strategy> Fitting(int instances) =>
        from depth in Enumerable.Range(1, instances)
        from pipelines in Enumerable.Range(1, instances / depth)
        where profile.Throughput(pipelines, depth) > 0
        select new Strategy(pipelines, depth);

    private double Seconds(Strategy from, int intact, Strategy to) =>
        to.IsPause || (from == to && intact == from.Pipelines) ? 0 : costs.Seconds(MigrationCase.Between(from, intact, to));

    /// <summary>Quantile to quantile between intervals; within one, large losses with large falls.</summary>
    private IEnumerable<(int Lost, int Next, double Chance)> Outcomes(int i, int available)
    {
        const int Quantiles = 12;
        int[] Spread(int[] values) => [.. Enumerable.Range(0, Quantiles).Select(q => values.Order().ElementAt(q * values.Length / Quantiles))];
        int[] before = i == 0 ? Spread([available]) : Spread(counts[i - 1]), after = Spread(counts[i]);
        int[] next = [.. Enumerable.Range(0, Quantiles).Where(q => before[q] == available).Select(q => after[q])];
        int common = next.Length * Quantiles;
        var lost = losses[i].Order().ToArray();
        for (int u = 0; u < common; u++)
        {
            int n = next.OrderDescending().ElementAt(u * next.Length / common), k = Math.Min(available, lost[u * lost.Length / common]);
            yield return (Math.Max(k, available - n), n, 1.0 / common);
        }
    }
}
