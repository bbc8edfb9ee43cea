using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning.Futures;
using Parcae.Liveput.Planning.LookAhead;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Planning;

/// <summary>
/// Picks the strategy of the highest expected samples over the look-ahead (the paper, section 7): a dynamic program over a distribution of futures. Take its first step, then plan again.
/// </summary>
/// <remarks>
/// The same request always gives the same decision. Where two strategies are worth the same, the current one is kept; then the cheaper change, fewer instances and the smaller depth
/// win. An instance may plan on several threads at once.
/// </remarks>
public sealed class LiveputOptimizer
{
    private readonly PlanningProfile _profile;
    private readonly IMigrationCostModel _costs;
    private readonly OptimizerOptions _options;

    /// <summary>An optimizer for a model.</summary>
    /// <param name="profile">Throughput of every strategy.</param>
    /// <param name="costs">Price of every change.</param>
    /// <param name="options">How far to look; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public LiveputOptimizer(PlanningProfile profile, IMigrationCostModel costs, OptimizerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(costs);
        _profile = profile;
        _costs = costs;
        _options = options ?? new OptimizerOptions();
        _options.Validate();
    }

    /// <summary>Decides what to run in the interval that begins now. A pause, with the reason, when nothing feasible fits.</summary>
    /// <exception cref="ArgumentException">The request contradicts itself: no forecast, a negative count, an interval of no length.</exception>
    public PlanDecision Plan(PlanRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfNegative(request.Available, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.MigrationSecondsLeft, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(request.IntervalSeconds, nameof(request));
        int horizon = Math.Min(_options.LookAhead, request.Forecast.Intervals.Count);
        if (horizon == 0) throw new ArgumentException("A plan needs the forecast of at least one interval.", nameof(request));
        if (_options.Budget is not { } budget) return Decide(request, horizon);
        var decision = Decide(budget.Apply(request), horizon);
        int beyond = budget.Beyond(request.Available);
        return beyond == 0 ? decision : decision with { Reason = $"{decision.Reason}; {PlanReason.Beyond(beyond, budget)}", InstancesBeyondBudget = beyond };
    }

    private PlanDecision Decide(PlanRequest request, int horizon)
    {
        if (request.Available < _profile.MinInstances) return Pause(request);
        var chain = new AvailabilityChain(request.Available, request.Forecast, horizon, _options.MaxCounts);
        var space = new StrategySpace(_profile, _costs, chain.Counts[^1], _options.MaxStrategies, request.Current);
        var seconds = FirstChanges(request, space);
        var program = new LookAheadProgram(space, chain, request.IntervalSeconds);
        program.Run();
        return Choose(request, space, program, seconds, horizon);
    }

    /// <summary>Seconds until each strategy that fits would run, by index.</summary>
    private double[] FirstChanges(PlanRequest request, StrategySpace space)
    {
        var seconds = new double[space.Fitting(request.Available)];
        for (int i = 1; i < seconds.Length; i++) seconds[i] = request.ChangeSeconds?.Invoke(space.Strategies[i]) ?? Seconds(request, space.Strategies[i]);
        return seconds;
    }

    private double Seconds(PlanRequest request, Strategy to)
    {
        var current = request.Current;
        int intact = Math.Clamp(request.IntactPipelines, 0, current.Pipelines);
        bool keeps = to == current && intact == current.Pipelines;
        return request.MigrationSecondsLeft + (keeps ? 0 : _costs.Seconds(MigrationCase.Between(current, intact, to)));
    }

    private PlanDecision Choose(PlanRequest request, StrategySpace space, LookAheadProgram program, double[] seconds, int horizon)
    {
        var current = request.Current;
        int intact = Math.Clamp(request.IntactPipelines, 0, current.Pipelines);
        var candidates = new PlanCandidate[seconds.Length - 1];
        for (int i = 1; i < seconds.Length; i++)
        {
            candidates[i - 1] = new PlanCandidate(space.Strategies[i], space.Throughput[i], program.Liveput(i), seconds[i], program.Value(i, seconds[i]));
        }

        Array.Sort(candidates, (a, b) => Compare(a, b, current));
        int chosen = 0;
        if (intact == current.Pipelines)
        {
            int kept = Array.FindIndex(candidates, c => c.Strategy == current);
            double margin = kept > 0 ? _options.ChangeMargin * candidates[kept].Liveput * request.IntervalSeconds : 0;
            if (kept > 0 && candidates[0].ExpectedSamples - candidates[kept].ExpectedSamples <= margin) chosen = kept;
        }

        var best = candidates[chosen];
        string reason = PlanReason.For(request, intact, best, candidates, horizon);
        return new PlanDecision(best.Strategy, best.Liveput, best.ExpectedSamples, candidates, reason);
    }

    private static int Compare(PlanCandidate a, PlanCandidate b, Strategy current)
    {
        int order = b.ExpectedSamples.CompareTo(a.ExpectedSamples);
        if (order == 0) order = (b.Strategy == current).CompareTo(a.Strategy == current);
        if (order == 0) order = a.MigrationSeconds.CompareTo(b.MigrationSeconds);
        if (order == 0) order = a.Strategy.Instances.CompareTo(b.Strategy.Instances);
        return order != 0 ? order : a.Strategy.Depth.CompareTo(b.Strategy.Depth);
    }

    private PlanDecision Pause(PlanRequest request)
    {
        string reason = _profile.MinInstances == int.MaxValue
            ? $"pause: no strategy of {_profile.Model} is feasible on such instances, whatever their number"
            : $"pause: {PlanReason.Instances(request.Available)}, and {_profile.Model} needs at least {_profile.MinInstances}";
        return new PlanDecision(Strategy.None, 0, 0, [], reason);
    }
}
