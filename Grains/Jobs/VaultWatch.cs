using Microsoft.Extensions.Logging;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Jobs;

/// <summary>
/// Looks after the state vault while it follows: asks its instances how far they have come, and leaves it alone when one does not follow any more (it did not keep up, its thread hung, a connection broke)
/// or says nothing for long, so that no reconfiguration waits for it. It is attached again later, see <see cref="Job.LeaveVault"/>.
/// </summary>
internal sealed partial class VaultWatch(Job job)
{
    // The generated log methods look for a field.
    private readonly ILogger _logger = job.Logger;
    private readonly Dictionary<string, Watched> _watched = new(StringComparer.Ordinal);
    private int _generation;

    private sealed class Watched
    {
        public DateTimeOffset HeardAt { get; set; }

        public WorkerStatus? Said { get; set; }

        public bool Asking { get; set; }
    }

    /// <summary>How far the vault that follows has come, or null when none does.</summary>
    public VaultStatus? Status
    {
        get
        {
            if (job.State.Plan is not { Vault: { Length: > 0 } shards } plan) return null;
            string[] ids = [.. shards.Select(s => s.Peer.InstanceId)];
            WorkerStatus[] said = plan.Generation == _generation ? [.. ids.Select(id => _watched.GetValueOrDefault(id)?.Said).OfType<WorkerStatus>()] : [];
            int? version = said.Length == ids.Length ? said.Min(s => s.Version) : null;
            return new VaultStatus(ids, version, version is { } v ? Math.Max(0, job.Book.Committed - v) : null, said.Max(s => s.Checkpoint), said.FirstOrDefault(s => s.CheckpointFailure is not null)?.CheckpointFailure);
        }
    }

    /// <summary>Asks the vault's instances, except where an answer is being waited for. Never waits.</summary>
    public void Look()
    {
        if (job.State.Plan is not { Vault.Length: > 0 } plan || !Settled)
        {
            _watched.Clear();
            return;
        }

        if (_generation != plan.Generation) _watched.Clear();
        _generation = plan.Generation;
        foreach (string id in plan.Vault.Select(s => s.Peer.InstanceId))
        {
            if (!_watched.TryGetValue(id, out var watched)) _watched.Add(id, watched = new Watched { HeardAt = job.Now });
            if (job.Now - watched.HeardAt > job.Options.VaultSilence)
            {
                job.LeaveVault($"{id} has said nothing for {job.Options.VaultSilence.TotalSeconds:0.#} s");
                return;
            }

            if (!watched.Asking) _ = Ask(id, watched, plan.Generation);
        }
    }

    /// <summary>Whether the plan is in force and no other one is being brought about.</summary>
    private bool Settled => job is { Attempt: null, Frozen: false, State: { Halted: false, Ended: false } };

    private async Task Ask(string id, Watched watched, int generation)
    {
        watched.Asking = true;
        try
        {
            var said = await job.Instance(id).WorkerStatus(job.Id);
            // What it says of another generation says nothing about this one.
            if (!Settled || job.State.Plan is not { } plan || plan.Generation != generation || plan.ShardOf(id) is null) return;
            if (said.Phase != WorkerPhase.Running || said.Generation != generation)
            {
                job.LeaveVault($"{id} does not follow any more ({said.Trouble ?? $"it is {said.Phase} in generation {said.Generation}"})");
                return;
            }

            (watched.HeardAt, watched.Said) = (job.Now, said);
            if (said.Checkpoint is { } checkpoint && checkpoint > (job.State.Checkpoint?.Version ?? -1)) job.State.Checkpoint = new CheckpointMark(checkpoint, id);
            if (Status?.Lag is { } lag) ParcaeTelemetry.VaultLag.Record(lag, new KeyValuePair<string, object?>("job", job.Id));
        }
        catch (Exception e)
        {
            // Silence; it counts when it lasts.
            LogSilent(e, job.Id, id);
        }
        finally
        {
            watched.Asking = false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Job {JobId}: the state vault's instance {VaultId} does not say how far it is")]
    private partial void LogSilent(Exception exception, string jobId, string vaultId);
}
