using System.Numerics;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

/// <summary>The planner's problem solved straight from its definition: every choice, every subset of lost instances, every pairing of quantiles. For a handful of instances.</summary>
internal sealed class BruteForce(PlanningProfile profile, IMigrationCostModel costs, int[][] counts, int[][] losses, double interval)
{
    private readonly Dictionary<(int, int, Strategy), double> _known = [];

    /// <summary>Expected samples from interval <paramref name="i"/> on, when a strategy is taken now.</summary>
    public double Value(int i, int available, Strategy current, Strategy chosen) =>
        ((interval - Seconds(current, current.Pipelines, chosen, 0)) * profile.Throughput(chosen)) + Future(i, available, chosen);

    /// <summary>Expected samples after interval <paramref name="i"/>. Counts and losses of an interval are equally likely values.</summary>
    private double Future(int i, int available, Strategy current)
    {
        if (i + 1 >= counts.Length) return 0;
        if (_known.TryGetValue((i, available, current), out double known)) return known;
        double expected = 0;
        foreach (var (lost, next, chance) in Outcomes(i, available))
        {
            int subsets = 0;
            double sum = 0;
            for (uint subset = 0; subset < 1u << available; subset++)
            {
                if (BitOperations.PopCount(subset) != lost) continue;
                subsets++;
                int intact = Intact(current, subset);
                sum += Fitting(next).Select(s => ((interval - Seconds(current, intact, s, lost)) * profile.Throughput(s)) + Future(i + 1, next, s))
                    .DefaultIfEmpty(Future(i + 1, next, Strategy.None)).Max();
            }

            expected += chance * sum / subsets;
        }

        return _known[(i, available, current)] = expected;
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

    private IEnumerable<Strategy> Fitting(int instances) =>
        from depth in Enumerable.Range(1, instances)
        from pipelines in Enumerable.Range(1, instances / depth)
        where profile.Throughput(pipelines, depth) > 0
        select new Strategy(pipelines, depth);

    private double Seconds(Strategy from, int intact, Strategy to, int lost) =>
        to.IsPause || (from == to && intact == from.Pipelines) ? 0 : costs.Seconds(MigrationCase.Between(from, intact, to, lost));

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
