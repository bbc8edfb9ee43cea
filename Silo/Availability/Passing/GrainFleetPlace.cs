using System.Diagnostics;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Parcae.Grains.Telemetry;

namespace Parcae.Silo.Availability.Passing;

/// <summary>Speaks to the fleet's, the instance's and the job's grains.</summary>
internal sealed class GrainFleetPlace(IGrainFactory grains, IOptions<GpuWorkerOptions> worker, IWorkerOccupation occupation) : IFleetPlace
{
    private string Id => worker.Value.InstanceId;

    private IFleetGrain Fleet => grains.GetGrain<IFleetGrain>(worker.Value.Fleet);

    /// <inheritdoc/>
    public async Task NoticeAsync(TimeSpan remaining, string reason)
    {
        // The reconfiguration that follows links this span as its cause.
        using var span = ParcaeTelemetry.Activities.StartActivity("notice", ActivityKind.Client);
        _ = span?.SetTag("parcae.instance", Id).SetTag("parcae.remaining", remaining.TotalSeconds);
        await Fleet.Notice(Id, remaining, reason);
    }

    /// <inheritdoc/>
    public async Task<string?> NeededByAsync()
    {
        var record = await grains.GetGrain<IInstanceGrain>(Id).Get();
        // The instance's grain follows the fleet; until it has heard of the notice it may not have heard of the job either.
        if (record is { Phase: not (InstancePhase.Draining or InstancePhase.Gone) }) record = (await Fleet.Snapshot()).Instances.FirstOrDefault(i => i.Info.Id == Id);
        if (record is not { Phase: not InstancePhase.Gone, JobId: { } jobId }) return null;
        var job = await grains.GetGrain<IJobGrain>(jobId).Status();
        return await NeedsUsAsync(job) ? $"job {jobId} ({job.Phase}, generation {job.Plan?.Generation ?? 0})" : null;
    }

    private async Task<bool> NeedsUsAsync(JobStatus job) => job.Phase switch
    {
        JobPhase.Submitted or JobPhase.Completed or JobPhase.Cancelled or JobPhase.Failed => false,
        // What it held has been fetched before the others began to train.
        JobPhase.Training => job.Plan?.Of(Id) is not null,
        // Without a vault that has all of it, a newcomer may still fetch it.
        JobPhase.Paused => !occupation.IsIdle && !await VaultHasAllAsync(job),
        _ => true,
    };

    private async Task<bool> VaultHasAllAsync(JobStatus job)
    {
        if (job.Plan?.Vault is not { Length: > 0 } shards) return false;
        var said = await Task.WhenAll(shards.Select(s => grains.GetGrain<IInstanceGrain>(s.Peer.InstanceId).WorkerStatus(job.JobId)));
        return said.All(s => s.Version >= job.CommittedStep);
    }
}
