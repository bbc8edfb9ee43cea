using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Client.Tests.Fakes;

/// <summary>A service that nothing is asked of. Fakes say what theirs answers; whatever else it is asked fails the test.</summary>
internal abstract class UnaskedClient : IParcaeClient
{
    public virtual Task<string> SubmitAsync(JobSpec spec, string? jobId = null, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<JobEvent[]> GetEventsAsync(string jobId, long afterSequence = 0, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, WatchOptions? options = null, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task PauseAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task ResumeAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task CancelAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task FinishAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task FollowAsync(string jobId, FollowedPlan? plan, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task InjectFaultAsync(string instanceId, FaultOrder? order, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task VanishAsync(string instanceId, VanishOrder order, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<WorkerStatus> GetWorkerStatusAsync(string instanceId, string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task NoticeAsync(string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<PlanPreview> PreviewAsync(JobSpec spec, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<JobCheckpoint[]> GetCheckpointsAsync(string jobId, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<CheckpointPiece> ReadCheckpointAsync(string jobId, JobCheckpoint checkpoint, long offset, int count, CancellationToken cancellation = default) => throw new NotSupportedException();

    public virtual Task<AvailabilityEvent[]> GetFleetEventsAsync(string fleet = ParcaeNames.DefaultFleet, long afterSequence = 0, int max = 10_000, CancellationToken cancellation = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
