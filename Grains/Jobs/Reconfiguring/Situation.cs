using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Telemetry;
using Parcae.Liveput;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>What has become of the plan in force, and what would be better.</summary>
internal static class Situation
{
    /// <summary>Plans with what the roster has.</summary>
    public static PlanningResult Plan(Job job, Roster roster)
    {
        var current = job.Strategy;
        // Below what its user wants it to run with, it is as if there were none.
        int available = roster.Plannable < job.Spec.Sharing.MinInstances ? 0 : roster.Plannable;
        var planned = job.Planner.Plan(new PlanningSituation(current, available, current.IsPause ? 0 : Intact(job.State.Plan!, roster), roster.Fleet));
        ParcaeTelemetry.PlanningDuration.Record((planned.ForecastTook + planned.PlanTook).TotalSeconds, new KeyValuePair<string, object?>("job", job.Id));
        return job.Following.Apply(planned, available);
    }

    /// <summary>Assigns the usable instances to the places of a strategy.</summary>
    /// <param name="job">The job.</param>
    /// <param name="roster">Who is there.</param>
    /// <param name="strategy">The strategy, not a pause.</param>
    /// <param name="stages">Its stages.</param>
    /// <param name="holds">Whether an instance holds a layer.</param>
    /// <param name="current">The plan in force, or null.</param>
    public static Place[] Assign(Job job, Roster roster, Strategy strategy, LayerRange[] stages, Func<string, int, bool> holds, GenerationPlan? current) => PlaceAssigner.Assign(
        strategy, stages, roster.Usable.Select(r => r.Info.DataPlane), holds, layer => job.Outline.Layers[layer].Length * job.Outline.StateBytesPerParameter, current);

    /// <summary>How many pipelines every stage of the plan can still man with instances that already hold it.</summary>
    public static int Intact(GenerationPlan plan, Roster roster) => Enumerable.Range(0, plan.Depth)
        .Min(stage => plan.Places.Count(p => p.Stage == stage && roster.Usable.Any(r => r.Info.DataPlane == p.Peer)));

    /// <summary>Members that are gone (another incarnation may be there in their stead) or found broken: training stands still, or will in a moment.</summary>
    public static string[] Missing(Job job, Roster roster) => job.State.Plan is not { } plan
        ? []
        : [.. plan.Places.Select(p => p.Peer)
            .Where(peer => job.Suspects.ContainsKey(peer.InstanceId) || !roster.Usable.Concat(roster.Draining).Any(r => r.Info.DataPlane == peer)).Select(peer => peer.InstanceId)];

    /// <summary>Whether the plan in force takes more instances than the job's share has, or there are fewer than its user wants it to run with.</summary>
    public static bool IsSqueezed(Job job, Roster roster) =>
        !job.State.WasPaused && job.State.Plan is { } plan && (plan.Places.Length > roster.Share || roster.Plannable < job.Spec.Sharing.MinInstances);

    /// <summary>Members that will be gone at their deadline.</summary>
    public static string[] Leaving(Job job, Roster roster) => job.State.Plan is not { } plan
        ? []
        : [.. roster.Draining.Select(r => r.Info.Id).Where(id => plan.Of(id) is not null)];

    /// <summary>Divides the layers among the vault's instances.</summary>
    public static VaultShard[] Shards(Job job, Roster roster) => VaultShards.Deal(
        [.. roster.Vault.Select(r => r.Info.DataPlane)], [.. job.Outline.Layers.Select(l => (long)l.Length * job.Outline.StateBytesPerParameter)], job.Spec.Training.VaultCopies);

    /// <summary>Whether there is a state vault that should follow and does not, or not in these shards.</summary>
    public static bool WantsVault(Job job, Roster roster) => Shards(job, roster) is { Length: > 0 } shards && (job.State.Plan is not { } plan || !VaultShards.Same(plan.Vault, shards));

    /// <summary>Whether the optimizer, or the plan that the job follows, wants another strategy than the one in force.</summary>
    private static bool IsBetter(Job job, PlanningResult planned) =>
        (!planned.Decision.Strategy.IsPause || planned.Followed is not null) && planned.Decision.Strategy != job.Strategy;

    /// <summary>Why there is to be another generation; null: there is to be none. For people where no event is known that says it: what was heard of before an activation of the grain is not heard of again.</summary>
    public static string? Why(Job job, Roster roster, PlanningResult planned)
    {
        var (missing, leaving) = (Missing(job, roster), Leaving(job, roster));
        return job.State switch
        {
            { Plan: null } => "first plan",
            // Of an attempt that did not come to its end.
            { Halted: true, Phase: JobPhase.Reconfiguring, Reason: { } reason } => reason,
            _ when missing.Length > 0 => Each(missing, "does not answer"),
            _ when leaving.Length > 0 => Each(leaving, "leaves (notice)"),
            { Halted: true } => "training goes on",
            _ when IsSqueezed(job, roster) => $"{roster.Plannable} instances are its share",
            _ when IsBetter(job, planned) => planned.Followed ?? Promise(planned.Decision.Strategy, job.Strategy),
            _ when WantsVault(job, roster) => $"vault {string.Join(", ", roster.Vault.Select(r => r.Info.Id))} can follow",
            _ => null,
        };

        static string Each(string[] ids, string what) => string.Join(", ", ids.Select(id => $"{id} {what}"));
    }

    /// <summary>The text of a change that nothing but the optimizer asked for.</summary>
    private static string Promise(Strategy better, Strategy current) => $"interval: {better} promises more than {current}";
}
