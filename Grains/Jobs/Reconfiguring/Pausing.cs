namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>Leaves a job at rest, its state kept.</summary>
internal static class Pausing
{
    /// <summary>Nothing feasible can be run at present; the job resumes by itself.</summary>
    public static async Task ForLackOf(Job job, Rest rest, string reason)
    {
        job.State.Secured = await Secure(job, rest, job.Options.VaultTimeout);
        await Leave(job, reason);
        job.Spares = [.. rest.Roster.Usable.Select(r => r.Info.Id)];
    }

    /// <summary>Marks the job as paused.</summary>
    public static async Task Leave(Job job, string reason)
    {
        job.State.WasPaused = true;
        job.StoppedAt = null;
        job.Enter(JobPhase.Paused, reason);
        await job.Save();
    }

    /// <summary>
    /// Has the state vault take a copy of where training came to rest, as whoever holds it now may be gone tomorrow. Best effort: without it the steps that
    /// the vault is behind would be run again. Returns the version that was secured, or null.
    /// </summary>
    public static async Task<int?> Secure(Job job, Rest rest, TimeSpan patience)
    {
        if (rest.Roster.Vault.Length == 0 || job.State.Plan is not { } plan || rest.FindOrigin() is not { } origin) return null;
        int version = origin.Target.Version;
        var shards = Situation.Shards(job, rest.Roster);
        // A step that can be finished is not held yet.
        bool Holds(VaultShard shard) => !origin.Target.Finishers.Contains(shard.Peer.InstanceId) && shard.Layers.All(layer => origin.Target.Holders[layer].Contains(shard.Peer.InstanceId));
        if (origin.Checkpoint is not null || shards.All(Holds)) return version;
        if (origin.Target.Holders.Any(h => h.Length == 0)) return null;

        var preparation = new Preparation(job, plan with { Generation = rest.Generation, StartStep = version, Vault = shards }, origin, rest.Endpoints);
        var shardCalls = preparation.Vault();
        Task<PrepareReport>[] calls = [.. origin.Target.Finishers.Where(id => !shardCalls.ContainsKey(id)).Select(preparation.Holder), .. shardCalls.Values];
        if (await Task.WhenAll(calls).CompletesWithin(patience, job.Time) && calls.All(c => c.IsCompletedSuccessfully)) return version;
        job.Tell($"the state vault did not take over the state of step {version} ({calls.First(c => !c.IsCompletedSuccessfully).Failure()})");
        return null;
    }
}
