using Parcae.Liveput.Costs;
using Parcae.Liveput.Costs.Transitions;

namespace Parcae.Liveput.Simulation.Policies.Checkpointing;

/// <summary>A policy at work that falls back to its last checkpoint when a loss is fatal to its plan.</summary>
/// <remarks>
/// A checkpoint is taken at the beginning of every n-th interval and can be relied on from the next interval on; what was trained since the one before is lost in a fatal loss.
/// <para>
/// Without a draw, the run carries every standing that the losses so far may have led to (what runs, and what is still waited for) with its exact chance and, since what follows does not depend on it, the mean of its unsaved
/// samples. So its figures are the exact means of those of drawn runs. A step then reports the strategy of the likeliest standing; its throughput and stall are means.
/// </para>
/// <para>A restart replaces whatever was being waited for, at the price of the artifact's second restart; other changes are waited for one after the other.</para>
/// </remarks>
/// <typeparam name="TPlan">What can run; the default value is a pause.</typeparam>
internal abstract class CheckpointedRun<TPlan> : IPolicyRun
    where TPlan : struct, IEquatable<TPlan>
{
    private readonly int _every;
    private readonly double _saveMs;
    private Dictionary<(TPlan Plan, double OwedMs), Mass> _standings = new() { [default] = new Mass(1, 0) };

    protected CheckpointedRun(SimulationSetting setting, CheckpointOptions checkpoints)
    {
        Setting = setting;
        Restart = new RestartCharge(setting);
        _every = checkpoints.Every(setting.Trace.IntervalSeconds);
        _saveMs = checkpoints.StallShare * setting.Profile.Reconfiguration!.CheckpointMs;
    }

    protected SimulationSetting Setting { get; }

    protected RestartCharge Restart { get; }

    /// <summary>The strategy that stands for a plan.</summary>
    protected abstract Strategy Show(TPlan plan);

    /// <summary>Samples per second of a plan.</summary>
    protected abstract double Rate(TPlan plan);

    /// <summary>What to run on the instances that there are.</summary>
    /// <param name="view">The interval.</param>
    /// <param name="running">What ran.</param>
    /// <param name="harm">What the loss did to it.</param>
    /// <param name="checkpoint">Whether a checkpoint is taken now.</param>
    protected abstract TPlan Target(in IntervalView view, TPlan running, Harm harm, bool checkpoint);

    /// <summary>The chances that a loss does no harm, and that it is not fatal.</summary>
    protected abstract (double Unharmed, double Survives) Chances(TPlan running, int instances, int lost);

    /// <summary>What the loss of just these instances does.</summary>
    protected abstract Harm Judge(TPlan running, ReadOnlySpan<bool> lost);

    /// <summary>Stall of going on after a loss that is not fatal, milliseconds.</summary>
    protected abstract double CoveredMs(TPlan from, TPlan to, bool joining);

    /// <summary>Stall of taking another plan when nothing in use was lost, milliseconds.</summary>
    protected abstract double ChangeMs(TPlan from, TPlan to);

    public PolicyStep Step(in IntervalView view)
    {
        int instances = Math.Max(view.Before, view.Interval.Removed);
        bool[]? lost = null;
        if (view.Chance is { } chance && view.Interval.Removed > 0)
        {
            lost = new bool[instances];
            LossDraw.Draw(view.Interval.Removed, chance, lost);
        }

        var sums = new Sums();
        var next = new Dictionary<(TPlan Plan, double OwedMs), Mass>();
        foreach (var ((plan, owedMs), mass) in _standings)
        {
            double unharmed = 1, survives = 1;
            if (view.Interval.Removed > 0 && !Paused(plan))
            {
                (unharmed, survives) = lost is null ? Chances(plan, instances, view.Interval.Removed) : Certain(Judge(plan, lost));
            }

            Follow(view, plan, owedMs, mass, Harm.None, unharmed, next, ref sums);
            Follow(view, plan, owedMs, mass, Harm.Covered, survives - unharmed, next, ref sums);
            Follow(view, plan, owedMs, mass, Harm.Fatal, 1 - survives, next, ref sums);
        }

        _standings = next;
        double workMs = Setting.IntervalMs - sums.StallMs;
        return new PolicyStep(Show(sums.Likeliest), workMs > 0 ? sums.Samples * 1000 / workMs : 0, sums.StallMs, sums.Kind, sums.Lost);
    }

    private static (double Unharmed, double Survives) Certain(Harm harm) => (harm == Harm.None ? 1 : 0, harm == Harm.Fatal ? 0 : 1);

    private static bool Paused(TPlan plan) => plan.Equals(default);

    private void Follow(
        in IntervalView view, TPlan running, double owedMs, Mass mass, Harm harm, double chance, Dictionary<(TPlan Plan, double OwedMs), Mass> next, ref Sums sums)
    {
        // What rounding leaves of a difference of chances.
        if (chance < 1e-13) return;
        var turn = Turn(view, running, owedMs, harm);
        double weight = mass.Weight * chance, unsaved = mass.Unsaved * chance;
        double stall = Math.Min(turn.OwedMs, Setting.IntervalMs), trained = weight * Rate(turn.Plan) * (Setting.IntervalMs - stall) / 1000;
        if (weight > sums.Weight) (sums.Weight, sums.Likeliest, sums.Kind) = (weight, turn.Plan, turn.Kind);
        sums.Samples += trained;
        sums.StallMs += weight * stall;
        if (turn.Loses) sums.Lost += unsaved;
        var key = (turn.Plan, turn.OwedMs - stall);
        var before = next.GetValueOrDefault(key);
        next[key] = new Mass(before.Weight + weight, before.Unsaved + (turn.Loses || turn.Saves ? 0 : unsaved) + trained);
    }

    private Turned Turn(in IntervalView view, TPlan running, double owedMs, Harm harm)
    {
        bool joining = view.Interval.Added > 0, checkpoint = view.Index % _every == 0 && !Paused(running) && harm != Harm.Fatal;
        var to = Target(view, running, harm, checkpoint);
        if (Paused(to)) return new Turned(to, 0, null, Loses: true, Saves: false);
        if (Paused(running)) return new Turned(to, Restart.Ms(Show(to), joining: true, checkpoint: false, again: false), MigrationCaseKind.Start, Loses: false, Saves: false);
        MigrationCaseKind? kind = harm != Harm.None || !to.Equals(running) ? MigrationCase.Between(Show(running), 0, Show(to)).Kind : null;
        if (harm == Harm.Fatal) return new Turned(to, Restart.Ms(Show(to), joining, checkpoint: false, again: owedMs > 0), kind, Loses: true, Saves: false);
        if (harm == Harm.Covered) owedMs += CoveredMs(running, to, joining);
        else if (kind is not null) owedMs += ChangeMs(running, to);
        return new Turned(to, owedMs + (checkpoint ? _saveMs : 0), kind, Loses: false, Saves: checkpoint);
    }

    /// <summary>The chance of a standing, and the chance times the mean of its unsaved samples.</summary>
    private readonly record struct Mass(double Weight, double Unsaved);

    private readonly record struct Turned(TPlan Plan, double OwedMs, MigrationCaseKind? Kind, bool Loses, bool Saves);

    private struct Sums
    {
        public double Samples;
        public double StallMs;
        public double Lost;
        public double Weight;
        public TPlan Likeliest;
        public MigrationCaseKind? Kind;
    }
}
