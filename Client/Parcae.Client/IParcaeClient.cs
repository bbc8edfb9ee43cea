using Parcae.Grains;

namespace Parcae.Client;

/// <summary>
/// A Parcae service as a program sees it. Calls are repeated while the service cannot be reached, for <see cref="ParcaeClientOptions.RetryFor"/>;
/// then they fail with <see cref="ParcaeUnavailableException"/>.
/// </summary>
public interface IParcaeClient : IAsyncDisposable
{
    /// <summary>Submits a job. The same spec under the same id again changes nothing.</summary>
    /// <example><code>
    /// string job = await parcae.SubmitAsync(new JobSpec { Name = "first", Training = new TrainingSpec { Steps = 1000 } });
    /// </code></example>
    /// <param name="spec">What to train.</param>
    /// <param name="jobId">Its id; null: a fresh one is made.</param>
    /// <param name="cancellation">Stops waiting for the answer.</param>
    /// <returns>The job's id.</returns>
    /// <exception cref="JobSpecException">The spec has problems; all are named.</exception>
    /// <exception cref="ArgumentException">There is a job of this id with another spec.</exception>
    Task<string> SubmitAsync(JobSpec spec, string? jobId = null, CancellationToken cancellation = default);

    /// <summary>A job as it is now.</summary>
    /// <example><code>
    /// JobStatus status = await parcae.GetStatusAsync(job);
    /// Console.WriteLine($"{status.Phase}, step {status.CommittedStep}, loss {status.Loss}");
    /// </code></example>
    Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>A job's spec, generations and intervals, and its committed steps from <paramref name="fromStep"/> on.</summary>
    /// <example><code>
    /// JobHistory history = await parcae.GetHistoryAsync(job);
    /// foreach (var step in history.Steps) Console.WriteLine($"{step.Step} {step.Loss}");
    /// </code></example>
    Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default);

    /// <summary>A job's events after number <paramref name="afterSequence"/>, oldest first.</summary>
    /// <example><code>
    /// foreach (var e in await parcae.GetEventsAsync(job)) Console.WriteLine($"{e.At:T} {e.Message}");
    /// </code></example>
    Task<JobEvent[]> GetEventsAsync(string jobId, long afterSequence = 0, CancellationToken cancellation = default);

    /// <summary>Follows a job until it ends. Survives lost connections for as long as they last.</summary>
    /// <example><code>
    /// await foreach (var update in parcae.WatchAsync(job, cancellation: stop)) Console.WriteLine($"{update.Status.CommittedStep} {update.Status.Loss}");
    /// </code></example>
    IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, WatchOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Stops a job at its next step boundary; it keeps its state.</summary>
    /// <example><code>
    /// await parcae.PauseAsync(job);
    /// </code></example>
    Task PauseAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Takes a pause back.</summary>
    /// <example><code>
    /// await parcae.ResumeAsync(job);
    /// </code></example>
    Task ResumeAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Ends a job for good and releases its instances.</summary>
    /// <example><code>
    /// await parcae.CancelAsync(job);
    /// </code></example>
    Task CancelAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Completes a job at its next step boundary: its state is checkpointed, its instances are released.</summary>
    /// <example><code>
    /// await parcae.FinishAsync(job);
    /// </code></example>
    Task FinishAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>Has a job follow a plan that was made elsewhere, or, null, plan by itself again. Sent again under the plan's id it renews its lease.</summary>
    /// <example><code>
    /// await parcae.FollowAsync(job, new FollowedPlan { Id = "p", Name = "mine", Strategies = [new(2, 2)], Interval = TimeSpan.FromMinutes(1) });
    /// </code></example>
    /// <exception cref="ArgumentException">The plan is not valid; the message says why.</exception>
    Task FollowAsync(string jobId, FollowedPlan? plan, CancellationToken cancellation = default);

    /// <summary>Ids of all jobs of a fleet, oldest first.</summary>
    /// <example><code>
    /// foreach (string id in await parcae.ListJobsAsync()) Console.WriteLine(id);
    /// </code></example>
    Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);

    /// <summary>Passes a preemption notice on: the instance will be gone after <paramref name="remaining"/>.</summary>
    /// <example><code>
    /// await parcae.NoticeAsync("i-0004", TimeSpan.FromMinutes(2), "spot interruption notice");
    /// </code></example>
    /// <exception cref="KeyNotFoundException">The fleet has no such instance.</exception>
    Task NoticeAsync(
        string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);

    /// <summary>
    /// Orders a fault on an instance whose process was started with <c>--faults true</c>: it strikes once, when the point is passed, and
    /// <see cref="WorkerStatus.FaultsStruck"/> then counts it. An order that has not struck yet is replaced; null only takes it back.
    /// </summary>
    /// <example><code>
    /// await parcae.InjectFaultAsync("i-0004", null);
    /// </code></example>
    /// <exception cref="InvalidOperationException">The instance takes no faults; the message says how it would.</exception>
    /// <exception cref="ArgumentException">The order is no fault.</exception>
    /// <exception cref="InstanceGoneException">The instance is gone, or never joined.</exception>
    Task InjectFaultAsync(string instanceId, FaultOrder? order, CancellationToken cancellation = default);

    /// <summary>
    /// Has a worker whose process was started with <c>--allow-replay true</c> vanish as if killed, and come back after a while under the same instance id. The same order again changes nothing.
    /// </summary>
    /// <example><code>
    /// await parcae.VanishAsync("i-0004", new VanishOrder("v-1", TimeSpan.FromSeconds(30)));
    /// </code></example>
    /// <exception cref="InvalidOperationException">The instance does not allow it; the message says how it would.</exception>
    /// <exception cref="ArgumentException">The order is not valid.</exception>
    /// <exception cref="InstanceGoneException">The instance is gone, by this order or before, or never joined.</exception>
    Task VanishAsync(string instanceId, VanishOrder order, CancellationToken cancellation = default);

    /// <summary>What an instance is doing for a job.</summary>
    /// <example><code>
    /// WorkerStatus worker = await parcae.GetWorkerStatusAsync("i-0004", job);
    /// </code></example>
    /// <exception cref="InstanceGoneException">The instance is gone, or never joined.</exception>
    Task<WorkerStatus> GetWorkerStatusAsync(string instanceId, string jobId, CancellationToken cancellation = default);

    /// <summary>What the planner expects of a job on its fleet as it is, before it is submitted.</summary>
    /// <example>
    /// <code>
    /// var preview = await parcae.PreviewAsync(spec);
    /// if (preview.Feasible) Console.WriteLine($"{preview.Pipelines} x {preview.Depth}: {preview.SamplesPerHour:0} samples/h");
    /// </code>
    /// </example>
    /// <exception cref="JobSpecException">The spec has problems; all are named.</exception>
    /// <exception cref="ArgumentException">No instance can train it; the message says why.</exception>
    /// <exception cref="InvalidDataException">The data cannot be opened; the message says why.</exception>
    Task<PlanPreview> PreviewAsync(JobSpec spec, CancellationToken cancellation = default);

    /// <summary>
    /// Every checkpoint of a job that an instance of its fleet's vault has on its disk, by step, then instance. See
    /// <see cref="CheckpointDownloads.DownloadCheckpointAsync"/> for getting one.
    /// </summary>
    /// <example><code>
    /// foreach (var c in await parcae.GetCheckpointsAsync(job)) Console.WriteLine($"step {c.Step}: {c.Bytes} bytes on {c.InstanceId}");
    /// </code></example>
    Task<JobCheckpoint[]> GetCheckpointsAsync(string jobId, CancellationToken cancellation = default);

    /// <summary>A piece of a checkpoint's file.</summary>
    /// <example><code>
    /// CheckpointPiece piece = await parcae.ReadCheckpointAsync(job, checkpoint, 0, CheckpointPiece.MaxBytes);
    /// </code></example>
    /// <param name="jobId">The job.</param>
    /// <param name="checkpoint">One of <see cref="GetCheckpointsAsync"/>.</param>
    /// <param name="offset">Where it begins.</param>
    /// <param name="count">Its length, at most <see cref="CheckpointPiece.MaxBytes"/>.</param>
    /// <param name="cancellation">Stops waiting for the answer.</param>
    /// <exception cref="KeyNotFoundException">The checkpoint is no longer there; says which are.</exception>
    /// <exception cref="InstanceGoneException">The instance is gone.</exception>
    Task<CheckpointPiece> ReadCheckpointAsync(string jobId, JobCheckpoint checkpoint, long offset, int count, CancellationToken cancellation = default);

    /// <summary>A fleet as it is now.</summary>
    /// <example><code>
    /// FleetSnapshot fleet = await parcae.GetFleetAsync();
    /// Console.WriteLine($"{fleet.Instances.Length} instances");
    /// </code></example>
    Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default);

    /// <summary>Events of a fleet's log after number <paramref name="afterSequence"/>, oldest first. The log keeps the last 1,000 or as many as the service is told to.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="afterSequence">The last event that is known already; 0: none.</param>
    /// <param name="max">Most events that are wanted.</param>
    /// <param name="cancellation">Stops waiting for the answer.</param>
    /// <example><code>
    /// int lost = (await parcae.GetFleetEventsAsync()).Count(e => e.Kind == AvailabilityKind.Lost);
    /// </code></example>
    Task<AvailabilityEvent[]> GetFleetEventsAsync(string fleet = ParcaeNames.DefaultFleet, long afterSequence = 0, int max = 10_000, CancellationToken cancellation = default);
}
