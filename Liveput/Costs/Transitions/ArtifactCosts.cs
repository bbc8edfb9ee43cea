using Parcae.Liveput.Costs.Constants;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Costs.Transitions;

/// <summary>The cost rules of the published Parcae artifact (NSDI '24), faults included, so that its totals can be reproduced.</summary>
/// <remarks>
/// Intra-stage: group setup and process start, also when only spares were lost. Inter-stage: the largest stage to be fetched or, if more, the sum over stages that were wholly lost, plus a restart. Pipeline: the missing
/// layers of the last new stage that still found a survivor (not the sum), the largest stage when there are several pipelines, plus a restart. A restart is that of joining instances as soon as the new strategy
/// needs more instances than the losses would have left in use had all of them been in use.
/// </remarks>
public sealed class ArtifactCosts : ITransitionCosts
{
    private readonly ReconfigurationConstants _constants;
    private readonly StageSizes _stages;
    private readonly RepartitionExpectation _repartition;

    /// <summary>The rules for a profile.</summary>
    /// <exception cref="ArgumentException">The profile holds no constants of reconfiguration.</exception>
    public ArtifactCosts(PlanningProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        Profile = profile;
        _constants = profile.Reconfiguration ?? throw new ArgumentException($"The profile of {profile.Model} holds no modelBuildMs; simulated costs need its constants of reconfiguration.", nameof(profile));
        _stages = new StageSizes(profile, _constants.Transfers);
        _repartition = new RepartitionExpectation(_stages);
    }

    /// <inheritdoc/>
    public string Name => "artifact";

    /// <inheritdoc/>
    public PlanningProfile Profile { get; }

    /// <inheritdoc/>
    public double RestartMs(Strategy to, bool joining) =>
        (joining ? _constants.RendezvousMs + _constants.RestartExtraMs : 0) + _constants.Groups.Milliseconds(to, joining) + _constants.ProcessStartMs + _constants.ModelBuild(to.Depth);

    /// <summary>Transfer of the largest stage at a depth, milliseconds.</summary>
    public double LargestMs(int depth) => _stages.LargestMs[depth];

    /// <summary>Setting up the groups of a strategy again when nobody needs a layer, milliseconds.</summary>
    public double IntraStageMs(Strategy to) => _constants.Groups.Milliseconds(to, joining: false) + _constants.ProcessStartMs;

    /// <inheritdoc/>
    public double ExpectedMs(in Transition transition)
    {
        var (from, instances, _, lost, to) = transition;
        if (to.IsPause || (lost == 0 && from == to)) return 0;
        double restart = RestartMs(to, Joins(transition));
        if (from.IsPause) return restart + RepartitionMs(_stages.Ms(0), to);
        if (from.Depth != to.Depth) return restart + RepartitionMs(_repartition.LastStageMs(from, instances, lost, to.Depth), to);
        var (chance, transfer) = InterStageExpectation.Expect(from, instances, lost, to.Pipelines, _stages.TransferMs[to.Depth]);
        return ((1 - chance) * IntraStageMs(to)) + (chance * restart) + transfer;
    }

    /// <inheritdoc/>
    public double Ms(in Transition transition, ReadOnlySpan<bool> lostInstances)
    {
        var (from, _, _, lost, to) = transition;
        if (to.IsPause || (lost == 0 && from == to)) return 0;
        double restart = RestartMs(to, Joins(transition));
        if (from.IsPause) return restart + RepartitionMs(_stages.Ms(0), to);
        if (from.Depth != to.Depth) return restart + RepartitionMs(_repartition.LastStageMs(from, lostInstances, to.Depth), to);
        Span<int> survivors = stackalloc int[from.Depth];
        LossDraw.Survivors(from, lostInstances, survivors);
        bool kept = true;
        foreach (int replicas in survivors) kept &= replicas >= to.Pipelines;
        return kept ? IntraStageMs(to) : restart + InterStageTransferMs(to, survivors);
    }

    private static bool Joins(in Transition transition) => transition.To.Instances > transition.From.Instances - transition.Lost;

    /// <summary>The largest stage in need or, if more, all stages that were wholly lost one after the other; of the last stage already the last copy counts as lost.</summary>
    private double InterStageTransferMs(Strategy to, ReadOnlySpan<int> survivors)
    {
        double largest = 0, sum = 0;
        for (int s = 0; s < survivors.Length; s++)
        {
            int need = Math.Max(0, to.Pipelines - survivors[s]);
            double ms = _stages.TransferMs[to.Depth][s];
            if (need > 0) largest = Math.Max(largest, ms);
            if (need > 0 && need >= (s == survivors.Length - 1 ? to.Pipelines - 1 : to.Pipelines)) sum += ms;
        }

        return Math.Max(largest, sum);
    }

    private double RepartitionMs(double missingMs, Strategy to) => missingMs + (to.Pipelines > 1 ? _stages.LargestMs[to.Depth] : 0);
}
