using Parcae.Liveput.Costs;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning.LookAhead;

/// <summary>The strategies that a plan weighs, by index: 0 is the pause, the others grow by instances used (then depth), so that those that fit n instances are a prefix.</summary>
internal sealed class StrategySpace
{
    private readonly int[] _fitting;

    public StrategySpace(PlanningProfile profile, IMigrationCostModel costs, int maxInstances, int maxStrategies, Strategy current)
    {
        Strategies = Choose(profile, maxInstances, maxStrategies, current);
        Count = Strategies.Length;
        Throughput = Array.ConvertAll(Strategies, profile.Throughput);
        _fitting = new int[maxInstances + 1];
        int next = 1;
        for (int n = 0; n <= maxInstances; n++)
        {
            while (next < Count && Strategies[next].Instances <= n) next++;
            _fitting[n] = next;
        }

        Unharmed = Seconds((from, to) => MigrationCase.Between(from, from.Pipelines, to));
        Leaving = Seconds((from, to) => MigrationCase.Between(from, 0, to) with { Joining = false });
        Joining = Seconds((from, to) => MigrationCase.Between(from, 0, to) with { Joining = true });
        Rerouting = new double[Count][];
        Narrower = new int[Count][];
        for (int s = 0; s < Count; s++)
        {
            var from = Strategies[s];
            Narrower[s] = from.IsPause ? [] : [.. Enumerable.Range(1, s).Where(to => Strategies[to].Depth == from.Depth)];
            Rerouting[s] = Array.ConvertAll(Narrower[s], to => costs.Seconds(new MigrationCase(MigrationCaseKind.IntraStage, from, Strategies[to])));
        }

        double[] Seconds(Func<Strategy, Strategy, MigrationCase> between)
        {
            var seconds = new double[Count * Count];
            for (int from = 0; from < Count; from++)
            {
                for (int to = 1; to < Count; to++)
                {
                    var migration = between(Strategies[from], Strategies[to]);
                    if (from != to || migration.Kind != MigrationCaseKind.IntraStage) seconds[(from * Count) + to] = costs.Seconds(migration);
                }
            }

            return seconds;
        }
    }

    /// <summary>The strategies, <c>[Count]</c>.</summary>
    public Strategy[] Strategies { get; }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Samples per second of each, undisturbed.</summary>
    public double[] Throughput { get; }

    /// <summary>Seconds to change from one, with all its instances there, to another, <c>[from * Count + to]</c>; 0 for a pause and for staying.</summary>
    public double[] Unharmed { get; }

    /// <summary>The same after a loss, when layers must move and what is left of the instances in use is enough.</summary>
    public double[] Leaving { get; }

    /// <summary>The same when more are needed, so that others join.</summary>
    public double[] Joining { get; }

    /// <summary>The strategies of the same depth with at most as many pipelines, ascending, the strategy itself last, <c>[Count][]</c>.</summary>
    public int[][] Narrower { get; }

    /// <summary>Seconds to go on with each of <see cref="Narrower"/> when a loss left it intact.</summary>
    public double[][] Rerouting { get; }

    /// <summary>How many strategies, the pause among them, fit <paramref name="instances"/>.</summary>
    public int Fitting(int instances) => _fitting[Math.Clamp(instances, 0, _fitting.Length - 1)];

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
}
