using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>The cost rules of the published Parcae artifact (NSDI '24), faults included, so that its totals can be reproduced.</summary>
/// <remarks>
/// Intra-stage: group setup and process start, also when only spares were lost. Inter-stage: the largest stage to be fetched or, if more, the sum over stages that were wholly lost, plus a restart. Pipeline: the missing
/// layers of the last new stage that still found a survivor (not the sum), the largest stage when there are several pipelines, plus a restart. A restart is that of joining instances as soon as the new strategy
/// needs more instances than the losses would have left in use had all of them been in use.
/// </remarks>
public sealed class ArtifactCosts : RestartingCosts
{
    private readonly RepartitionExpectation _repartition;

    /// <summary>The rules for a profile.</summary>
    /// <param name="profile">With constants of reconfiguration.</param>
    /// <param name="restartMs">A fixed cost in place of that of every restart, milliseconds, or null.</param>
    /// <exception cref="ArgumentException">The profile holds no constants of reconfiguration.</exception>
    public ArtifactCosts(PlanningProfile profile, double? restartMs = null)
        : base(profile, restartMs) => _repartition = new RepartitionExpectation(Stages);

    /// <inheritdoc/>
    public override string Name => "artifact";

    /// <inheritdoc/>
    public override double DuringMs(double owedMs, double ms, Strategy to) => ms + RestartMs(to, joining: false);

    /// <inheritdoc/>
    public override double ExpectedMs(in Transition transition)
    {
        var (from, instances, _, lost, to) = transition;
        if (to.IsPause || (lost == 0 && from == to)) return 0;
        double restart = RestartMs(to, Joins(transition));
        if (from.IsPause) return restart + RepartitionMs(Stages.Ms(0), to);
        if (from.Depth != to.Depth) return restart + RepartitionMs(_repartition.LastStageMs(from, instances, lost, to.Depth), to);
        var (chance, transfer) = InterStageExpectation.Expect(from, instances, lost, to.Pipelines, (stage, survivors) => Fetch(to, stage, survivors));
        return ((1 - chance) * RoutesMs(to)) + (chance * restart) + transfer;
    }

    /// <inheritdoc/>
    public override double Ms(in Transition transition, ReadOnlySpan<bool> lostInstances)
    {
        var (from, _, _, lost, to) = transition;
        if (to.IsPause || (lost == 0 && from == to)) return 0;
        double restart = RestartMs(to, Joins(transition));
        if (from.IsPause) return restart + RepartitionMs(Stages.Ms(0), to);
        if (from.Depth != to.Depth) return restart + RepartitionMs(_repartition.LastStageMs(from, lostInstances, to.Depth), to);
        Span<int> survivors = stackalloc int[from.Depth];
        LossDraw.Survivors(from, lostInstances, survivors);
        bool kept = true;
        foreach (int replicas in survivors) kept &= replicas >= to.Pipelines;
        return kept ? RoutesMs(to) : restart + InterStageTransferMs(to, survivors);
    }

    private protected override (bool Restarts, bool Joining, double TransferMs) Typical(in MigrationCase migration)
    {
        var (kind, from, to, joining) = migration;
        return kind switch
        {
            MigrationCaseKind.IntraStage => (false, false, 0),
            MigrationCaseKind.InterStage => (true, joining, Stages.LargestMs[to.Depth]),
            MigrationCaseKind.Pipeline => (true, joining, RepartitionMs(_repartition.LastStageMs(from, from.Instances, 0, to.Depth), to)),
            _ => (true, true, RepartitionMs(Stages.Ms(0), to)),
        };
    }

    private static bool Joins(in Transition transition) => transition.To.Instances > transition.From.Instances - transition.Lost;

    /// <summary>The largest stage in need or, if more, all stages that were wholly lost one after the other; of the last stage already the last copy counts as lost.</summary>
    private double InterStageTransferMs(Strategy to, ReadOnlySpan<int> survivors)
    {
        double longest = 0, sum = 0;
        for (int s = 0; s < survivors.Length; s++)
        {
            var (one, whole) = Fetch(to, s, survivors[s]);
            longest = Math.Max(longest, one);
            sum += whole;
        }

        return Math.Max(longest, sum);
    }

    private (double LongestMs, double SumMs) Fetch(Strategy to, int stage, int survivors)
    {
        int need = Math.Max(0, to.Pipelines - survivors);
        if (need == 0) return (0, 0);
        double ms = Stages.TransferMs[to.Depth][stage];
        return (ms, need >= (stage == to.Depth - 1 ? to.Pipelines - 1 : to.Pipelines) ? ms : 0);
    }

    private double RepartitionMs(double missingMs, Strategy to) => missingMs + (to.Pipelines > 1 ? Stages.LargestMs[to.Depth] : 0);
}
