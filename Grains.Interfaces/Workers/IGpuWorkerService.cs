using Orleans.Services;

namespace Parcae.Grains;

/// <summary>
/// The commands of a GPU worker. All are idempotent and fenced by generation: an older one than the worker has seen is refused with
/// <see cref="StaleGenerationException"/>. The state vault takes the same commands.
/// </summary>
public interface IGpuWorker
{
    /// <summary>
    /// Gets ready for a generation; returns when every layer is here at the start version. A receiver that is neither a place nor the vault of the plan
    /// only finishes the open step (<see cref="PrepareCommand.Finish"/>) of the layers that it holds and serves them to the others.
    /// </summary>
    [Alias("Prepare"), ResponseTimeout("00:15:00")] Task<PrepareReport> Prepare(PrepareCommand command);

    /// <summary>
    /// Has these layers, and no others, followed as shadow replicas while their holders go on training; returns when all have caught up. The next halt ends that and counts
    /// them among what is held, so that a generation that needs them begins without a transfer. Sent again for the same generation it keeps what is followed already.
    /// </summary>
    /// <exception cref="InvalidOperationException">A holder could not be followed; says what it said.</exception>
    [Alias("Shadow"), ResponseTimeout("00:15:00")] Task<ShadowReport> Shadow(ShadowCommand command);

    /// <summary>Begins training the prepared generation; returns when the peers are connected.</summary>
    [Alias("Switch"), ResponseTimeout("00:02:00")] Task Switch(SwitchCommand command);

    /// <summary>Stops training and says what is held; returns when training has stopped.</summary>
    [Alias("Halt"), ResponseTimeout("00:05:00")] Task<HaltReport> Halt(HaltCommand command);

    /// <summary>What the worker is doing for a job.</summary>
    [Alias("WorkerStatus")] Task<WorkerStatus> WorkerStatus(string jobId);

    /// <summary>
    /// What the job's model is made of, with the time of each layer on this worker where the job asks for that (<see cref="PlanningSpec.LayerTimes"/>).
    /// Builds the model and opens the data, so that what cannot work is found before anything is planned. Belongs to no generation.
    /// </summary>
    /// <exception cref="ArgumentException">No model can be built of the spec, or it cannot be run; the message says why.</exception>
    /// <exception cref="InvalidDataException">The data cannot be opened; the message says why.</exception>
    [Alias("Describe"), ResponseTimeout("00:15:00")] Task<ModelOutline> Describe(JobSpec spec);

    /// <summary>For the vault: writes a checkpoint of its newest consistent copy now, prepared or followed; returns its version.</summary>
    [Alias("Checkpoint"), ResponseTimeout("00:15:00")] Task<int> Checkpoint(string jobId);

    /// <summary>For the vault: the job's checkpoints on its disk, ascending by step. Belongs to no generation, and the job may have ended.</summary>
    /// <exception cref="ArgumentException">No job can have that id.</exception>
    [Alias("Checkpoints")] Task<JobCheckpoint[]> Checkpoints(string jobId);

    /// <summary>For the vault: a piece of a checkpoint's file, for a download.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="step">Steps applied.</param>
    /// <param name="offset">Where the piece begins.</param>
    /// <param name="count">Its length, at most <see cref="CheckpointPiece.MaxBytes"/>.</param>
    /// <exception cref="KeyNotFoundException">There is no checkpoint of that step; says which there are.</exception>
    /// <exception cref="ArgumentException">An argument is not valid; says which.</exception>
    [Alias("ReadCheckpoint"), ResponseTimeout("00:01:00")] Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count);

    /// <summary>
    /// Orders a fault, where the worker was started with faults switched on; one that was ordered before and has not struck is forgotten. Null only takes that back.
    /// Belongs to no generation.
    /// </summary>
    /// <exception cref="InvalidOperationException">Faults are not switched on.</exception>
    [Alias("Inject")] Task Inject(FaultOrder? order);

    /// <summary>
    /// The process vanishes, a moment after the answer, without a word to anybody, where the worker was started with replays allowed; it is away for the order's time, or until it is called back, then joins
    /// anew. Nobody but the caller knows: the fleet and the job find the loss as they find any. An answer that does not come says nothing; the same order may be sent again.
    /// Belongs to no generation.
    /// </summary>
    /// <exception cref="InvalidOperationException">Replays are not allowed here, or cannot be acted out.</exception>
    /// <exception cref="ArgumentException">The order is not valid; the message says why.</exception>
    [Alias("Vanish")] Task Vanish(VanishOrder order);

    /// <summary>Forgets the job and frees everything held for it.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="generation">Which generation has no use for this worker.</param>
    /// <exception cref="StaleGenerationException">A later one has come; it may have.</exception>
    [Alias("Release")] Task Release(string jobId, int generation);
}

/// <summary>The GPU worker as an Orleans grain service, called at its silo's address.</summary>
[Alias("parcae.IGpuWorkerService")]
public interface IGpuWorkerService : IGrainService, IGpuWorker;

/// <summary>The state vault as a grain service of its own, called at its silo's address: one silo may host both.</summary>
[Alias("parcae.IStateVaultService")]
public interface IStateVaultService : IGrainService, IGpuWorker;
