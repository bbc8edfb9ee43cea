using Parcae.Grains;

namespace Parcae.Client;

/// <summary>
/// A Parcae service as a program sees it. Calls are repeated while the service cannot be reached, for <see cref="ParcaeClientOptions.RetryFor"/>;
/// then they fail with <see cref="ParcaeUnavailableException"/>.
/// </summary>
public interface IParcaeClient : IAsyncDisposable
{
    /// <summary>Submits a job. The same spec under the same id again changes nothing.</summary>
    /// <param name="spec">What to train.</param>
    /// <param name="jobId">Its id; null: a fresh one is made.</param>
    /// <param name="cancellation">Stops waiting for the answer.</param>
    /// <returns>The job's id.</returns>
    /// <exception cref="JobSpecException">The spec has problems; all are named.</exception>
    /// <exception cref="ArgumentException">There is a job of this id with another spec.</exception>
    Task<string> SubmitAsync(JobSpec spec, string? jobId = null, CancellationToken cancellation = default);

    /// <summary>A job as it is now.</summary>
    Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>A job's spec, generations and intervals, and its committed steps from <paramref name="fromStep"/> on.</summary>
    Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default);

    /// <summary>A job's events after number <paramref name="afterSequence"/>, oldest first.</summary>
    Task<JobEvent[]> GetEventsAsync(string jobId, long afterSequence = 0, CancellationToken cancellation = default);

    /// <summary>Follows a job until it ends. Survives lost connections for as long as they last.</summary>
    IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, WatchOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Stops a job at its next step boundary; it keeps its state.</summary>
    Task PauseAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Takes a pause back.</summary>
    Task ResumeAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Ends a job for good and releases its instances.</summary>
    Task CancelAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Completes a job at its next step boundary: its state is checkpointed, its instances are released.</summary>
    Task FinishAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Ids of all jobs of a fleet, oldest first.</summary>
    Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);

    /// <summary>Passes a preemption notice on: the instance will be gone after <paramref name="remaining"/>.</summary>
    /// <exception cref="KeyNotFoundException">The fleet has no such instance.</exception>
    Task NoticeAsync(
        string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);

    /// <summary>
    /// Orders a fault on an instance whose process was started with <c>--faults true</c>: it strikes once, when the point is passed, and
    /// <see cref="WorkerStatus.FaultsStruck"/> then counts it. An order that has not struck yet is replaced; null only takes it back.
    /// </summary>
    /// <exception cref="InvalidOperationException">The instance takes no faults; the message says how it would.</exception>
    /// <exception cref="ArgumentException">The order is no fault.</exception>
    /// <exception cref="InstanceGoneException">The instance is gone, or never joined.</exception>
    Task InjectFaultAsync(string instanceId, FaultOrder? order, CancellationToken cancellation = default);

    /// <summary>What an instance is doing for a job.</summary>
    /// <exception cref="InstanceGoneException">The instance is gone, or never joined.</exception>
    Task<WorkerStatus> GetWorkerStatusAsync(string instanceId, string jobId, CancellationToken cancellation = default);

    /// <summary>A fleet as it is now.</summary>
    Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);
}
