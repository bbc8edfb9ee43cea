using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Jobs.Following;

/// <summary>Plans by a plan that was made elsewhere, for as long as it is renewed and not over.</summary>
/// <param name="job">The job.</param>
internal sealed class FollowedPlanning(Job job)
{
    private string? _told;
    private int? _seen;

    /// <summary>The strategy of the interval under way, and which that is; null: the job plans by itself.</summary>
    public (Strategy Strategy, int Interval)? Now => job.State.Followed is { } followed && followed.Interval(job.Now) is { } interval
        ? (Of(followed.Plan.Strategies[interval]), interval)
        : null;

    /// <summary>Begins to follow a plan, or goes on with it. Returns whether it is a new one.</summary>
    public bool Take(FollowedPlan plan)
    {
        var until = job.Now + plan.Lease;
        if (job.State.Followed is { } same && same.Plan.Id == plan.Id)
        {
            job.State.Followed = same with { Until = until };
            return false;
        }

        job.State.Followed = new FollowedState { Plan = plan, Begin = job.Now - plan.Elapsed, Until = until };
        job.Tell($"follows a plan for {plan.Strategies.Length} intervals of {plan.Interval.TotalSeconds:0.###} s: {plan.Name}");
        return true;
    }

    /// <summary>Plans by itself again. Returns whether it followed a plan.</summary>
    public bool Leave(string why)
    {
        if (job.State.Followed is not { } followed) return false;
        job.State.Followed = null;
        job.Tell($"plans by itself again: {why} ({followed.Plan.Name})");
        return true;
    }

    /// <summary>Looks at the clock. Returns whether another strategy is called for than at the last look.</summary>
    public bool Turns()
    {
        if (job.State.Followed is { } followed && followed.Until < job.Now) return Leave($"nobody has renewed the plan for {followed.Plan.Lease.TotalSeconds:0.###} s");
        int? interval = Now?.Interval;
        bool turns = interval != _seen;
        _seen = interval;
        return turns;
    }

    /// <summary>Puts the plan's strategy, as far as it can be run, in the place of what the planner would do.</summary>
    /// <param name="planned">What the planner would do.</param>
    /// <param name="available">Instances that the job can use.</param>
    public PlanningResult Apply(PlanningResult planned, int available)
    {
        if (Now is not { } now) return planned;
        var (wanted, interval) = now;
        var fitted = Fit(wanted, available, planned.Decision.Strategy, job.Planner.IsFeasible);
        string where = $"interval {interval} of the plan: {wanted}";
        if (fitted != wanted)
        {
            where += $", which {available} instances cannot run; {fitted}";
            if (where != _told) job.Tell(where);
            _told = where;
        }

        // What the optimizer says of it, where it has looked at it.
        var known = planned.Decision.Candidates.FirstOrDefault(c => c.Strategy == fitted);
        return planned with { Decision = new PlanDecision(fitted, known?.Liveput ?? 0, known?.ExpectedSamples ?? 0, planned.Decision.Candidates, where), Followed = where };
    }

    /// <summary>The strategy itself where it can be run; else as many of its pipelines as there is room for; else what the planner would do.</summary>
    internal static Strategy Fit(Strategy wanted, int available, Strategy otherwise, Func<Strategy, bool> isFeasible)
    {
        if (wanted.IsPause) return wanted;
        for (int pipelines = Math.Min(wanted.Pipelines, available / wanted.Depth); pipelines > 0; pipelines--)
        {
            var fewer = wanted with { Pipelines = pipelines };
            if (isFeasible(fewer)) return fewer;
        }

        return otherwise;
    }

    private static Strategy Of(FollowedStrategy strategy) => new(strategy.Pipelines, strategy.Depth);
}
