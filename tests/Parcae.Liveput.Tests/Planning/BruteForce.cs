using System.Numerics;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Tests.Planning;

/// <summary>The planner's problem solved straight from its definition: every choice, every subset of lost instances, every future. For a handful of instances.</summary>
/// <param name="profile">Throughputs.</param>
/// <param name="costs">Prices.</param>
/// <param name="horizon">Intervals.</param>
/// <param name="outcomes">What may happen in interval i to a count: losses, the count afterwards and the chance.</param>
/// <param name="interval">Seconds.</param>
internal sealed class BruteForce(
    PlanningProfile profile, IMigrationCostModel costs, int horizon, Func<int, int, IEnumerable<(int Lost, int Next, double Chance)>> outcomes, double interval)
{
    private readonly Dictionary<(int, int, Strategy), double> _known = [];

    /// <summary>Futures of which only each interval by itself is known, as equally likely counts and losses: quantile to quantile between intervals; within one, large losses with large falls.</summary>
    public static Func<int, int, IEnumerable<(int Lost, int Next, double Chance)>> Coupled(int[][] counts, int[][] losses) => (i, available) => Coupled(counts, losses, i, available);

    /// <summary>Futures of which the arrivals are known too: losses, then by what they leave arrivals, each of equally likely values.</summary>
    /// <param name="losses"><c>[interval][]</c>.</param>
    /// <param name="arrivals"><c>[interval][left][]</c>.</param>
    public static Func<int, int, IEnumerable<(int Lost, int Next, double Chance)>> Arriving(int[][] losses, int[][][] arrivals) => (i, available) =>
        from loss in losses[i]
        let lost = Math.Min(available, loss)
        let left = available - lost
        from arrival in arrivals[i][left]
        select (lost, left + arrival, 1.0 / losses[i].Length / arrivals[i][left].Length);

    /// <summary>Expected samples from interval <paramref name="i"/> on, when a strategy is taken now.</summary>
    public double Value(int i, int available, Strategy current, Strategy chosen) =>
        ((interval - Seconds(current, current.Pipelines, chosen, 0)) * profile.Throughput(chosen)) + Future(i, available, chosen);

    /// <summary>Expected samples after interval <paramref name="i"/>.</summary>
    private double Future(int i, int available, Strategy current)
    {
        if (i + 1 >= horizon) return 0;
        if (_known.TryGetValue((i, available, current), out double known)) return known;
        double expected = 0;
        foreach (var (lost, next, chance) in outcomes(i, available))
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

    private static IEnumerable<(int Lost, int Next, double Chance)> Coupled(int[][] counts, int[][] losses, int i, int available)
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
