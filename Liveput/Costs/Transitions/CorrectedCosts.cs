using Parcae.Liveput.Preemption;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>The constants of the Parcae artifact without the faults of its rules: what a system costs that prepares changes while it trains.</summary>
/// <remarks>
/// Where nothing was lost, a change is prepared while the old strategy goes on (the paper's section 6, shadow replicas): training stands still for the new groups only, and until the preparation is done the old throughput holds; that
/// is charged as the time in which the new strategy would have trained the difference. After a loss the survivors stop: new routes when every stage keeps enough replicas (nothing when only spares were lost), else transfers and
/// a restart, with the constants of joining only when the instances that are left, spares included, do not suffice. Transfers come from all holders at once: a stage is fetched in the time of its own size, or longer where it has more takers
/// than holders; stages that were wholly lost come one after the other from the state vault. A change of depth moves the sum of the layers that are missing, over all the survivors' links. A migration that
/// begins during another one waits for it.
/// </remarks>
public sealed class CorrectedCosts : RestartingCosts
{
    /// <summary>The rules for a profile.</summary>
    /// <param name="profile">With constants of reconfiguration.</param>
    /// <param name="restartMs">A fixed cost in place of that of every restart, milliseconds, or null.</param>
    /// <exception cref="ArgumentException">The profile holds no constants of reconfiguration.</exception>
    public CorrectedCosts(PlanningProfile profile, double? restartMs = null)
        : base(profile, restartMs)
    {
    }

    /// <inheritdoc/>
    public override string Name => "corrected";

    /// <inheritdoc/>
    public override double DuringMs(double owedMs, double ms, Strategy to) => owedMs + ms;

    /// <inheritdoc/>
    public override double ExpectedMs(in Transition transition)
    {
        var (from, instances, _, lost, to) = transition;
        if (to.IsPause || (lost == 0 && from == to)) return 0;
        if (from.IsPause) return RestartMs(to, joining: true) + Stages.LargestMs[to.Depth];
        bool joining = to.Instances > instances - lost;
        if (lost == 0) return PlannedMs(from, to, joining, TransferMs(from, 0, to));
        double restart = RestartMs(to, joining);
        if (from.Depth != to.Depth)
        {
            double repartition = 0;
            var (fewest, chances) = Hypergeometric.Distribution(instances, from.Instances, lost);
            for (int i = 0; i < chances.Length; i++) repartition += chances[i] * TransferMs(from, fewest + i, to);

            // A stage is wholly lost when all its replicas are among the lost.
            double whole = Hypergeometric.All(instances, from.Pipelines, lost)[from.Pipelines];
            return restart + repartition + (whole * Stages.TransferMs[from.Depth].Sum());
        }

        var (chance, transfer) = InterStageExpectation.Expect(from, instances, lost, to.Pipelines, (stage, survivors) => Fetch(to, stage, survivors));
        double unharmed = from == to ? Hypergeometric.All(instances, from.Instances, lost)[0] : 0;
        return ((1 - chance - unharmed) * RoutesMs(to)) + (chance * restart) + transfer;
    }

    /// <inheritdoc/>
    public override double Ms(in Transition transition, ReadOnlySpan<bool> lostInstances)
    {
        var (from, instances, _, lost, to) = transition;
        if (lost == 0 || to.IsPause || from.IsPause) return ExpectedMs(transition);
        double restart = RestartMs(to, to.Instances > instances - lost);
        Span<int> survivors = stackalloc int[from.Depth];
        LossDraw.Survivors(from, lostInstances, survivors);
        int left = 0, fewest = from.Pipelines;
        double longest = 0, sum = 0, vault = 0;
        for (int s = 0; s < survivors.Length; s++)
        {
            left += survivors[s];
            fewest = Math.Min(fewest, survivors[s]);
            if (survivors[s] == 0) vault += Stages.TransferMs[from.Depth][s];
            if (from.Depth != to.Depth || survivors[s] >= to.Pipelines) continue;
            var (one, whole) = Fetch(to, s, survivors[s]);
            longest = Math.Max(longest, one);
            sum += whole;
        }

        if (from.Depth != to.Depth) return restart + TransferMs(from, from.Instances - left, to) + vault;
        return fewest < to.Pipelines ? restart + Math.Max(longest, sum) : from == to && left == from.Instances ? 0 : RoutesMs(to);
    }

    private protected override (bool Restarts, bool Joining, double TransferMs) Typical(in MigrationCase migration)
    {
        var (kind, from, to, joining) = migration;
        return kind switch
        {
            MigrationCaseKind.IntraStage => (false, false, 0),
            MigrationCaseKind.InterStage => (true, joining, Stages.LargestMs[to.Depth]),
            MigrationCaseKind.Pipeline => (true, joining, TransferMs(from, 0, to)),
            _ => (true, true, Stages.LargestMs[to.Depth]),
        };
    }

    private double PlannedMs(Strategy from, Strategy to, bool joining, double transferMs)
    {
        double routes = RoutesMs(to), after = Profile.Throughput(to);
        double prepared = Math.Max(0, RestartMs(to, joining) - routes) + transferMs;
        return routes + (after > 0 ? prepared * Math.Max(0, 1 - (Profile.Throughput(from) / after)) : prepared);
    }

    private (double LongestMs, double SumMs) Fetch(Strategy to, int stage, int survivors)
    {
        double ms = Stages.TransferMs[to.Depth][stage];
        return survivors == 0 ? (ms, ms) : (ms * Math.Max(1, (double)(to.Pipelines - survivors) / survivors), 0);
    }

    /// <summary>Moving layers to new places when so many of the instances in use are gone: at least a whole stage where someone comes new to the model, else the most that any place misses.</summary>
    private double TransferMs(Strategy from, int gone, Strategy to)
    {
        int sources = Math.Max(1, from.Instances - gone), fresh = Math.Max(0, to.Instances - sources);
        double missing = 0, most = 0;
        if (from.Depth == to.Depth)
        {
            most = fresh > 0 ? Stages.LargestMs[to.Depth] : 0;
        }
        else
        {
            for (int stage = 0; stage < to.Depth; stage++)
            {
                long common = 0;
                for (int old = 0; old < from.Depth; old++) common = Math.Max(common, Stages.Common(from.Depth, old, to.Depth, stage));
                double ms = Stages.Ms(Stages.Parameters(to.Depth, stage) - common);
                missing += ms * to.Pipelines;
                most = Math.Max(most, ms);
            }

            if (fresh > 0) most = Stages.LargestMs[to.Depth];
        }

        double whole = fresh * Stages.TransferMs[to.Depth].Average();
        return Math.Max(most, (missing + whole) / sources);
    }
}
