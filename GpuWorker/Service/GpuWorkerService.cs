using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Parcae.Grains;

namespace Parcae.GpuWorker.Service;

/// <summary>The worker's commands as an Orleans grain service: one per silo, called at the silo's address. Training runs on a thread of its own.</summary>
[Reentrant]
internal sealed class GpuWorkerService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, [FromKeyedServices(InstanceRole.Worker)] WorkerHost host)
    : InstanceService(id, silo, loggers, host), IGpuWorkerService;

/// <summary>The same of the state vault.</summary>
[Reentrant]
internal sealed class StateVaultService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, [FromKeyedServices(InstanceRole.Vault)] WorkerHost host)
    : InstanceService(id, silo, loggers, host), IStateVaultService;

/// <summary>Passes the commands on to the instance.</summary>
internal abstract class InstanceService(GrainId id, Orleans.Runtime.Silo silo, ILoggerFactory loggers, WorkerHost host)
    : GrainService(id, silo, loggers), IGpuWorker
{
    // Off the scheduler of the grain service at once: a preparation opens data and allocates tensors.
    public Task<PrepareReport> Prepare(PrepareCommand command) => Task.Run(() => host.Prepare(command));

    public Task<ShadowReport> Shadow(ShadowCommand command) => Task.Run(() => host.Shadow(command));

    public Task Switch(SwitchCommand command) => Task.Run(() => host.Switch(command));

    public Task<HaltReport> Halt(HaltCommand command) => Task.Run(() => host.Halt(command));

    public Task<WorkerStatus> WorkerStatus(string jobId) => host.WorkerStatus(jobId);

    public Task<ModelOutline> Describe(JobSpec spec) => Task.Run(() => host.Describe(spec));

    public Task Inject(FaultOrder? order) => host.Inject(order);

    public Task Vanish(VanishOrder order) => host.Vanish(order);

    public Task<int> Checkpoint(string jobId) => Task.Run(() => host.Checkpoint(jobId));

    public Task<JobCheckpoint[]> Checkpoints(string jobId) => Task.Run(() => host.Checkpoints(jobId));

    public Task<CheckpointPiece> ReadCheckpoint(string jobId, int step, long offset, int count) => Task.Run(() => host.ReadCheckpoint(jobId, step, offset, count));

    public Task Release(string jobId, int generation) => Task.Run(() => host.Release(jobId, generation));
}
