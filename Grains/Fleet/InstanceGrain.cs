using Orleans.Concurrency;
using Parcae.Grains.Storage;

namespace Parcae.Grains.Fleet;

/// <summary>What an instance grain keeps.</summary>
[GenerateSerializer, Alias("parcae.InstanceState")]
internal sealed class InstanceState : IVersionedState
{
    /// <summary>The instance, or null when it never joined.</summary>
    [Id(0)] public InstanceRecord? Record { get; set; }

    /// <inheritdoc/>
    [Id(1)] public int Schema { get; set; }
}

/// <summary>Keeps one instance's lifecycle and relays commands to its worker. Reentrant, so that a long preparation never keeps a halt waiting.</summary>
[Reentrant]
internal sealed class InstanceGrain(
    [PersistentState("instance", ParcaeNames.Storage)] IPersistentState<InstanceState> state,
    IGpuWorkerDirectory workers,
    TimeProvider time) : Grain, IInstanceGrain
{
    private readonly Turns _writing = new();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateSchema.Upgrade(state, $"instance '{this.GetPrimaryKeyString()}'", _ => { });
        return Task.CompletedTask;
    }

    public Task Register(InstanceInfo info)
    {
        ArgumentNullException.ThrowIfNull(info);
        var now = time.GetUtcNow();
        return Write(old => old is { Phase: not InstancePhase.Gone } && old.Info == info
            ? old
            : new InstanceRecord { Info = info, Phase = InstancePhase.Joining, JoinedAt = now, PhaseSince = now });
    }

    public Task Update(InstanceRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return Write(old => old?.Info == record.Info ? record : old);
    }

    public Task<InstanceRecord?> Get() => Task.FromResult(state.State.Record);

    public Task<PrepareReport> Prepare(PrepareCommand command) => Relay(w => w.Prepare(command));

    public Task<ShadowReport> Shadow(ShadowCommand command) => Relay(w => w.Shadow(command));

    public Task Switch(SwitchCommand command) => Relay(async w =>
    {
        await w.Switch(command);
        return true;
    });

    public Task<HaltReport> Halt(HaltCommand command) => Relay(w => w.Halt(command));

    public Task<WorkerStatus> WorkerStatus(string jobId) => Relay(w => w.WorkerStatus(jobId));

    public Task<ModelOutline> Describe(JobSpec spec) => Relay(w => w.Describe(spec));

    public Task Inject(FaultOrder? order) => Relay(async w =>
    {
        await w.Inject(order);
        return true;
    });

    public Task Vanish(VanishOrder order) => Relay(async w =>
    {
        await w.Vanish(order);
        return true;
    });

    public Task<int> Checkpoint(string jobId) => Relay(w => w.Checkpoint(jobId));

    public Task<JobCheckpoint[]> Checkpoints(string jobId) => Relay(w => w.Checkpoints(jobId));

    public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) => Relay(w => w.ReadCheckpoint(jobId, step, offset, count));

    public Task Release(string jobId, int generation) => Relay(async w =>
    {
        await w.Release(jobId, generation);
        return true;
    });

    /// <summary>Passes a command on. What keeps it from the worker gets a name of its own, so that nobody takes for it what keeps a call from this grain.</summary>
    private async Task<T> Relay<T>(Func<IGpuWorker, Task<T>> command)
    {
        try
        {
            return await command(Worker());
        }
        catch (SiloUnavailableException e)
        {
            throw new InstanceGoneException($"The silo of instance {this.GetPrimaryKeyString()} does not answer: {e.Message}", e);
        }
        catch (OrleansMessageRejectionException e)
        {
            throw new InstanceUnreachableException($"The silo of instance {this.GetPrimaryKeyString()} cannot be reached: {e.Message}", e);
        }
    }

    private IGpuWorker Worker() => state.State.Record switch
    {
        null => throw new InstanceGoneException($"Instance {this.GetPrimaryKeyString()} never joined."),
        { Phase: InstancePhase.Gone } => throw new InstanceGoneException($"Instance {this.GetPrimaryKeyString()} is gone."),
        { Info: var info } => workers.At(info),
    };

    private Task Write(Func<InstanceRecord?, InstanceRecord?> change) => _writing.Run(async () =>
    {
        var old = state.State.Record;
        var changed = change(old);
        if (changed == old) return;
        state.State.Record = changed;
        try
        {
            await state.WriteStateAsync();
        }
        catch
        {
            // What is not durable must not be believed: the next activation reads what was stored.
            DeactivateOnIdle();
            throw;
        }
    });
}
