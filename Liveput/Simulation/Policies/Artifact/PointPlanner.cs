using Parcae.Liveput.Costs.Transitions;

namespace Parcae.Liveput.Simulation.Policies.Artifact;

/// <summary>One interval of a future that is taken as certain.</summary>
/// <param name="Available">Instances from its beginning on.</param>
/// <param name="Joined">Came at its beginning.</param>
/// <param name="Lost">Went at its beginning.</param>
public readonly record struct FutureInterval(int Available, int Joined, int Lost);

/// <summary>
/// The dynamic program of the Parcae artifact: the strategies of the most samples over a future that is taken as certain, with expected costs. Its first step is to be taken, then it plans again.
/// </summary>
/// <remarks>
/// States are the strategy and whether a migration is still running. What a new migration during a running one costs is for the cost model to say (the artifact's forgets what was owed); without a new one what is owed is
/// waited for. Work of less than nothing is carried into the next interval. Of equal totals the one with the shallower strategy before wins. A pause costs nothing and is a strategy like others here.
/// </remarks>
public sealed class PointPlanner
{
    private readonly ITransitionCosts _costs;
    private readonly double _intervalMs;
    private readonly Strategy[] _strategies;
    private readonly double[] _throughput;
    private readonly Dictionary<(int Instances, int Joined, int Lost), double[]> _prices = [];

    /// <summary>A planner for strategies of up to a number of instances.</summary>
    public PointPlanner(ITransitionCosts costs, double intervalMs, int maxInstances)
    {
        ArgumentNullException.ThrowIfNull(costs);
        (_costs, _intervalMs) = (costs, intervalMs);
        var profile = costs.Profile;
        var strategies = new List<Strategy> { Strategy.None };
        for (int pipelines = 1; pipelines <= Math.Min(maxInstances, profile.MaxPipelines); pipelines++)
        {
            for (int depth = Math.Max(1, profile.MinDepth); depth <= Math.Min(maxInstances / pipelines, profile.MaxDepth); depth++)
            {
                if (profile.Throughput(pipelines, depth) > 0) strategies.Add(new Strategy(pipelines, depth));
            }
        }

        _strategies = [.. strategies];
        _throughput = Array.ConvertAll(_strategies, profile.Throughput);
    }

    /// <summary>The strategy to take in the first interval of the future.</summary>
    /// <param name="current">The strategy until now.</param>
    /// <param name="instances">Instances until now.</param>
    /// <param name="owedMs">What a running migration still takes, milliseconds.</param>
    /// <param name="future">At least one interval, the first being the one that begins now.</param>
    public Strategy Plan(Strategy current, int instances, double owedMs, IReadOnlyList<FutureInterval> future)
    {
        ArgumentNullException.ThrowIfNull(future);
        int start = Array.IndexOf(_strategies, current);
        if (start < 0) throw new ArgumentException($"{current} is not a strategy of {_costs.Profile.Model}.", nameof(current));
        var states = new State[_strategies.Length * 2];
        states[(start * 2) + (owedMs > 0 ? 1 : 0)] = new State(true, 0, owedMs, -1, 0);
        for (int i = 0; i < future.Count; i++)
        {
            states = Advance(states, instances, future[i], i == 0);
            instances = future[i].Available;
        }

        int best = -1;
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i].Reached && (best < 0 || states[i].Samples > states[best].Samples)) best = i;
        }

        return _strategies[states[best].First];
    }

    private State[] Advance(State[] before, int instances, FutureInterval interval, bool first)
    {
        var after = new State[before.Length];
        var prices = Prices(instances, interval);
        for (int to = 0; to < _strategies.Length; to++)
        {
            if (_strategies[to].Instances > interval.Available) continue;
            for (int index = 0; index < before.Length; index++)
            {
                ref readonly var state = ref before[index];
                if (!state.Reached) continue;
                int from = index >> 1;
                double cost = prices[(from * _strategies.Length) + to];
                if ((index & 1) != 0 && to != 0) cost = cost > 0 ? _costs.DuringMs(state.OwedMs, cost, _strategies[to]) : state.OwedMs;
                double work = _intervalMs - cost, samples = state.Samples + (work >= 0 ? _throughput[to] * work / 1000 : 0);
                ref var target = ref after[(to * 2) + (work >= 0 ? 0 : 1)];
                int depth = _strategies[from].Depth;
                if (target.Reached && (samples < target.Samples || (samples == target.Samples && depth >= target.DepthBefore))) continue;
                target = new State(true, samples, work >= 0 ? 0 : -work, first ? to : state.First, depth);
            }
        }

        return after;
    }

    private double[] Prices(int instances, FutureInterval interval)
    {
        var key = (instances, interval.Joined, interval.Lost);
        if (_prices.TryGetValue(key, out var prices)) return prices;
        prices = new double[_strategies.Length * _strategies.Length];
        for (int from = 0; from < _strategies.Length; from++)
        {
            if (_strategies[from].Instances > instances) continue;
            for (int to = 0; to < _strategies.Length; to++)
            {
                if (_strategies[to].Instances > instances + interval.Joined - interval.Lost) continue;
                prices[(from * _strategies.Length) + to] = _costs.ExpectedMs(new Transition(_strategies[from], instances, interval.Joined, interval.Lost, _strategies[to]));
            }
        }

        return _prices[key] = prices;
    }

    private readonly record struct State(bool Reached, double Samples, double OwedMs, int First, int DepthBefore);
}
