using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>This instance's part in one job: a stage replica, or the state vault. Commands are fenced by generation and may overlap: a halt preempts a preparation.</summary>
internal interface IJobParticipant : IAsyncDisposable
{
    /// <inheritdoc cref="IGpuWorker.Prepare"/>
    Task<PrepareReport> PrepareAsync(PrepareCommand command);

    /// <inheritdoc cref="IGpuWorker.Shadow"/>
    Task<ShadowReport> ShadowAsync(ShadowCommand command);

    /// <inheritdoc cref="IGpuWorker.Switch"/>
    Task SwitchAsync(SwitchCommand command);

    /// <inheritdoc cref="IGpuWorker.Halt"/>
    Task<HaltReport> HaltAsync(HaltCommand command);

    /// <inheritdoc cref="IGpuWorker.WorkerStatus"/>
    WorkerStatus Status();

    /// <summary>What of it hangs, for people; null: nothing does.</summary>
    string? Hang { get; }

    /// <summary>Writes a checkpoint before the end of the process, if nobody else could: where the copy here is all of the vault, and newer than the newest checkpoint. Returns its version, or null.</summary>
    Task<int?> SecureAsync();

    /// <inheritdoc cref="IGpuWorker.Checkpoint"/>
    Task<int> CheckpointAsync();

    /// <summary>Takes no command any more; what is under way ends. Comes before <see cref="IAsyncDisposable.DisposeAsync"/>.</summary>
    /// <param name="generation">Which generation wants it so.</param>
    /// <exception cref="StaleGenerationException">A later one has come.</exception>
    void Close(int generation);
}
