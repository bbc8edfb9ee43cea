using Microsoft.Extensions.Logging;
using Parcae.Grains.Telemetry;

namespace Parcae.Grains.Jobs;

/// <summary>
/// Looks after the state vault while it follows: asks it how far it has come, and leaves it alone when it does not follow any more (it did not keep up, its thread hung, a connection broke) or says
/// nothing for long, so that no reconfiguration waits for it. It is attached again later, see <see cref="Job.LeaveVault"/>.
/// </summary>
internal sealed partial class VaultWatch(Job job)
{
    // The generated log methods look for a field.
    private readonly ILogger _logger = job.Logger;
    private (string Id, int Generation) _watched;
    private DateTimeOffset _heardAt;
    private WorkerStatus? _said;
    private int _lag;
    private bool _asking;

    /// <summary>How far the vault that follows has come, or null when none does.</summary>
    public VaultStatus? Status => job.State.Plan?.Vault is not { InstanceId: var id } ? null
        : id == _watched.Id && _said is { } said ? new VaultStatus(id, said.Version, _lag, said.Checkpoint, said.CheckpointFailure)
        : new VaultStatus(id, null, null, null, null);

    /// <summary>Asks the vault, unless an answer is being waited for. Never waits.</summary>
    public void Look()
    {
        if (job.State.Plan is not { Vault: { } vault } plan || !Settled)
        {
            _watched = default;
            return;
        }

        if (_watched != (vault.InstanceId, plan.Generation)) (_watched, _heardAt, _said) = ((vault.InstanceId, plan.Generation), job.Now, null);
        if (job.Now - _heardAt > job.Options.VaultSilence)
        {
            job.LeaveVault($"it has said nothing for {job.Options.VaultSilence.TotalSeconds:0.#} s");
            return;
        }

        if (!_asking) _ = Ask(vault.InstanceId, plan.Generation);
    }

    /// <summary>Whether the plan is in force and no other one is being brought about.</summary>
    private bool Settled => job is { Attempt: null, Frozen: false, State: { Halted: false, Ended: false } };

    private async Task Ask(string id, int generation)
    {
        _asking = true;
        try
        {
            var said = await job.Instance(id).WorkerStatus(job.Id);
            // What it says of another generation says nothing about this one.
            if (!Settled || _watched != (id, generation) || job.State.Plan is not { Vault: { } vault } plan || (vault.InstanceId, plan.Generation) != _watched) return;
            if (said.Phase != WorkerPhase.Running || said.Generation != generation)
            {
                job.LeaveVault($"it does not follow any more ({said.Trouble ?? $"it is {said.Phase} in generation {said.Generation}"})");
                return;
            }

            (_heardAt, _said, _lag) = (job.Now, said, Math.Max(0, job.Book.Committed - said.Version));
            ParcaeTelemetry.VaultLag.Record(_lag, new KeyValuePair<string, object?>("job", job.Id));
        }
        catch (Exception e)
        {
            // Silence; it counts when it lasts.
            LogSilent(e, job.Id, id);
        }
        finally
        {
            _asking = false;
        }
    }

    [LoggerMessage(LogLevel.Debug, "Job {JobId}: the state vault {VaultId} does not say how far it is")]
    private partial void LogSilent(Exception exception, string jobId, string vaultId);
}
