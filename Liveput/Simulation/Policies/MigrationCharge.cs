using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>What a policy that migrates pays: the transition, and a restart of leaving instances on top when another migration is still running, which it replaces.</summary>
internal static class MigrationCharge
{
    /// <summary>The step of taking a strategy.</summary>
    public static PolicyStep Take(SimulationSetting setting, in IntervalView view, Strategy to)
    {
        if (to.IsPause) return new PolicyStep(to, 0, 0, null);
        var transition = new Transition(view.Current, view.Before, view.Interval.Added, view.Interval.Removed, to);
        double ms;
        if (view.Chance is { } chance)
        {
            var lost = new bool[Math.Max(view.Before, view.Interval.Removed)];
            LossDraw.Draw(view.Interval.Removed, chance, lost);
            ms = setting.Costs.Ms(transition, lost);
        }
        else
        {
            ms = setting.Costs.ExpectedMs(transition);
        }

        double rate = setting.Profile.Throughput(to);
        if (ms <= 0) return new PolicyStep(to, rate, view.OwedMs, null);
        if (view.OwedMs > 0) ms = setting.Costs.DuringMs(view.OwedMs, ms, to);
        bool same = view.Current.Depth == to.Depth && to.Instances <= view.Current.Instances - view.Interval.Removed;
        return new PolicyStep(to, rate, ms, MigrationCase.Between(view.Current, same ? to.Pipelines : 0, to).Kind);
    }

    /// <summary>A strategy planned for more instances than came, cut to fit: as many pipelines as there is room for, else one pipeline of all instances.</summary>
    public static Strategy CutToFit(Strategy planned, int available, Profiles.PlanningProfile profile)
    {
        if (planned.Instances <= available) return planned;
        var cut = available / planned.Depth > 0 ? new Strategy(available / planned.Depth, planned.Depth) : new Strategy(1, available);
        return profile.Throughput(cut) > 0 ? cut : Strategy.None;
    }
}
