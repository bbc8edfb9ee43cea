using Orleans.Services;

namespace Parcae.Grains;

/// <summary>
/// The commands of a GPU worker. All are idempotent and fenced by generation: an older one than the worker has seen is refused with
/// <see cref="StaleGenerationException"/>. On control silos the same service keeps the state vault.
/// </summary>
public interface IGpuWorker
{
    /// <summary>Gets ready for a generation; returns when every layer is here at the start version.</summary>
    [Alias("Prepare")] Task<PrepareReport> Prepare(PrepareCommand command);

    /// <summary>Begins training the prepared generation; returns when the peers are connected.</summary>
    [Alias("Switch")] Task Switch(SwitchCommand command);

    /// <summary>Stops training and says what is held; returns when training has stopped.</summary>
    [Alias("Halt")] Task<HaltReport> Halt(HaltCommand command);

    /// <summary>What the worker is doing for a job.</summary>
    [Alias("WorkerStatus")] Task<WorkerStatus> WorkerStatus(string jobId);

    /// <summary>For the vault: writes a checkpoint of its consistent copy now; returns its version.</summary>
    [Alias("Checkpoint")] Task<int> Checkpoint(string jobId);

    /// <summary>Forgets the job and frees everything held for it.</summary>
    [Alias("Release")] Task Release(string jobId);
}

/// <summary>The GPU worker as an Orleans grain service, called at its silo's address.</summary>
[Alias("parcae.IGpuWorkerService")]
public interface IGpuWorkerService : IGrainService, IGpuWorker;
