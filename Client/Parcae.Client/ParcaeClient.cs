using System.Runtime.CompilerServices;

using Microsoft.Extensions.Hosting;

using Parcae.Grains;

namespace Parcae.Client;

/// <summary>
/// Submits, watches and steers jobs of a Parcae service. A plain Orleans client underneath; safe for concurrent use.
/// <code>
/// await using var parcae = await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = "127.0.0.1:6379" });
/// string job = await parcae.SubmitAsync(new JobSpec { Name = "first" });
/// await foreach (var update in parcae.WatchAsync(job)) Console.WriteLine($"{update.Status.CommittedStep} {update.Status.Loss}");
/// </code>
/// </summary>
public sealed class ParcaeClient : IParcaeClient
{
    private readonly ParcaeClientOptions _options;
    private IGrainFactory? _grains;
    private IHost? _host;
    private int _disposed;

    /// <summary>Wraps an Orleans client that the program already has (and keeps).</summary>
    /// <param name="grains">A connected <see cref="IClusterClient"/>, or the grain factory of a silo.</param>
    /// <param name="options">Patience and clock; addresses are not used.</param>
    public ParcaeClient(IGrainFactory grains, ParcaeClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        (_grains, _options) = (grains, options ?? new ParcaeClientOptions());
    }

    /// <summary>A client that is connected later, by the host of the program: see <see cref="ParcaeClientHostingExtensions"/>.</summary>
    internal ParcaeClient(ParcaeClientOptions options) => _options = options;

    private IGrainFactory Grains => _grains
        ?? throw new InvalidOperationException("The client is not connected yet: it connects when the program's host starts. Use it from then on, or call ParcaeClient.ConnectAsync.");

    /// <summary>Connects, trying again for <see cref="ParcaeClientOptions.ConnectTimeout"/>.</summary>
    /// <example><code>
    /// await using var parcae = await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = "redis:6379" });
    /// </code></example>
    /// <exception cref="ParcaeUnavailableException">No service was found there in time, or Redis refuses; the message says where and what was seen last.</exception>
    /// <exception cref="ArgumentException">An option is not valid; the message names it.</exception>
    public static async Task<ParcaeClient> ConnectAsync(ParcaeClientOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ParcaeClientOptions();
        if (ParcaeClientOptionsValidator.Problems(options) is { Count: > 0 } problems) throw new ArgumentException(string.Join(Environment.NewLine, problems), nameof(options));
        var client = new ParcaeClient(options);
        await client.OpenAsync(cancellation).ConfigureAwait(false);
        return client;
    }

    /// <summary>Connects a client that was made without a connection.</summary>
    internal async Task OpenAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        (_host, _grains) = await ClientConnection.ConnectAsync(_options, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<string> SubmitAsync(JobSpec spec, string? jobId = null, CancellationToken cancellation = default)
    {
        var problems = JobSpecValidation.Problems(spec);
        if (problems.Count > 0) throw new JobSpecException(problems);
        // The id is made here, once: a repeated call after a lost answer must not make a second job.
        string id = jobId ?? $"{spec.Name}-{Guid.NewGuid().ToString("n")[..8]}";
        await CallAsync("submit", () => Job(id).Submit(spec), cancellation).ConfigureAwait(false);
        return id;
    }

    /// <inheritdoc/>
    public Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default) =>
        CallAsync("status", () => Job(jobId).Status(), cancellation);

    /// <inheritdoc/>
    public Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default) =>
        CallAsync("history", () => Job(jobId).History(fromStep), cancellation);

    /// <inheritdoc/>
    public Task<JobEvent[]> GetEventsAsync(string jobId, long afterSequence = 0, CancellationToken cancellation = default) =>
        CallAsync("events", () => Job(jobId).Events(afterSequence), cancellation);

    /// <inheritdoc/>
    public Task PauseAsync(string jobId, CancellationToken cancellation = default) => CallAsync("pause", () => Job(jobId).Pause(), cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(string jobId, CancellationToken cancellation = default) => CallAsync("resume", () => Job(jobId).Resume(), cancellation);

    /// <inheritdoc/>
    public Task CancelAsync(string jobId, CancellationToken cancellation = default) => CallAsync("cancel", () => Job(jobId).Cancel(), cancellation);

    /// <inheritdoc/>
    public Task FinishAsync(string jobId, CancellationToken cancellation = default) => CallAsync("finish", () => Job(jobId).Finish(), cancellation);

    /// <inheritdoc/>
    public Task FollowAsync(string jobId, FollowedPlan? plan, CancellationToken cancellation = default) =>
        CallAsync("follow", () => Job(jobId).Follow(plan), cancellation);

    /// <inheritdoc/>
    public Task<string[]> ListJobsAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) =>
        CallAsync("list jobs", () => Grains.GetGrain<IJobDirectoryGrain>(fleet).List(), cancellation);

    /// <inheritdoc/>
    public Task NoticeAsync(
        string instanceId, TimeSpan remaining, string reason, string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        ArgumentOutOfRangeException.ThrowIfLessThan(remaining, TimeSpan.Zero);
        return CallAsync("notice", () => Grains.GetGrain<IFleetGrain>(fleet).Notice(instanceId, remaining, reason), cancellation);
    }

    /// <inheritdoc/>
    public Task InjectFaultAsync(string instanceId, FaultOrder? order, CancellationToken cancellation = default) =>
        CallAsync("inject a fault", () => Instance(instanceId).Inject(order), cancellation);

    /// <inheritdoc/>
    public Task VanishAsync(string instanceId, VanishOrder order, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(order);
        return CallAsync("vanish", () => Instance(instanceId).Vanish(order), cancellation);
    }

    /// <inheritdoc/>
    public Task<WorkerStatus> GetWorkerStatusAsync(string instanceId, string jobId, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        return CallAsync("worker status", () => Instance(instanceId).WorkerStatus(jobId), cancellation);
    }

    /// <inheritdoc/>
    public Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) =>
        CallAsync("fleet", () => Grains.GetGrain<IFleetGrain>(fleet).Snapshot(), cancellation);

    /// <inheritdoc/>
    public Task<PlanPreview> PreviewAsync(JobSpec spec, CancellationToken cancellation = default)
    {
        var problems = JobSpecValidation.Problems(spec);
        if (problems.Count > 0) throw new JobSpecException(problems);
        return CallAsync("preview", () => Grains.GetGrain<IPlanPreviewGrain>(spec.Fleet).Preview(spec), cancellation);
    }

    /// <inheritdoc/>
    public Task<AvailabilityEvent[]> GetFleetEventsAsync(string fleet = ParcaeNames.DefaultFleet, long afterSequence = 0, int max = 10_000, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        return CallAsync("fleet events", () => Grains.GetGrain<IFleetGrain>(fleet).ReadLog(afterSequence, max), cancellation);
    }

    /// <inheritdoc/>
    public async Task<JobCheckpoint[]> GetCheckpointsAsync(string jobId, CancellationToken cancellation = default)
    {
        var history = await GetHistoryAsync(jobId, int.MaxValue, cancellation).ConfigureAwait(false);
        var fleet = await GetFleetAsync(history.Spec.Fleet, cancellation).ConfigureAwait(false);
        var lists = await Task.WhenAll(fleet.Instances.Where(i => i.Info.Role == InstanceRole.Vault).Select(i => CheckpointsOfAsync(i.Info.Id, jobId, cancellation))).ConfigureAwait(false);
        return [.. lists.SelectMany(l => l).OrderBy(c => c.Step).ThenBy(c => c.InstanceId, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public Task<CheckpointPiece> ReadCheckpointAsync(string jobId, JobCheckpoint checkpoint, long offset, int count, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        ArgumentNullException.ThrowIfNull(checkpoint);
        return CallAsync("read a checkpoint", () => Instance(checkpoint.InstanceId).ReadCheckpoint(jobId, checkpoint.Step, offset, count), cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<JobUpdate> WatchAsync(
        string jobId, WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var watch = options ?? new WatchOptions();
        var job = Job(jobId);
        long lastEvent = watch.AfterEvent;
        int nextStep = watch.FromStep;
        while (true)
        {
            JobUpdate? update = null;
            try
            {
                // Status first: events and steps read after it can only be newer, so a final status comes with everything that led to it.
                var status = await job.Status().WaitAsync(cancellation).ConfigureAwait(false);
                var events = await job.Events(lastEvent).WaitAsync(cancellation).ConfigureAwait(false);
                StepResult[] steps = [];
                if (watch.Steps)
                {
                    // After falling back to an older version the steps in between are run, and told, again.
                    nextStep = Math.Min(nextStep, status.CommittedStep);
                    steps = (await job.History(nextStep).WaitAsync(cancellation).ConfigureAwait(false)).Steps;
                }

                update = new JobUpdate { Status = status, Events = events, Steps = steps };
            }
            catch (Exception e) when (TransientFailures.IsTransient(e))
            {
                watch.Interrupted?.Invoke(e);
            }

            if (update is not null)
            {
                if (update.Events.Count > 0) lastEvent = update.Events[^1].Sequence;
                if (update.Steps.Count > 0) nextStep = update.Steps[^1].Step + 1;
                yield return update;
                if (update.IsFinal) yield break;
            }

            await Task.Delay(watch.Every, _options.TimeProvider, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0 || _host is null) return;
        await ClientConnection.CloseAsync(_host).ConfigureAwait(false);
    }

    private IJobGrain Job(string jobId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(jobId);
        return Grains.GetGrain<IJobGrain>(jobId);
    }

    private IInstanceGrain Instance(string instanceId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        return Grains.GetGrain<IInstanceGrain>(instanceId);
    }

    private async Task<JobCheckpoint[]> CheckpointsOfAsync(string instanceId, string jobId, CancellationToken cancellation)
    {
        try
        {
            return await CallAsync("list checkpoints", () => Instance(instanceId).Checkpoints(jobId), cancellation).ConfigureAwait(false);
        }
        catch (InstanceGoneException)
        {
            // It went while it was asked, and its disk with it.
            return [];
        }
    }

    private Task<T> CallAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return TransientFailures.RetryAsync(call, what, _options.RetryFor, _options.TimeProvider, cancellation);
    }

    private async Task CallAsync(string what, Func<Task> call, CancellationToken cancellation)
    {
        await CallAsync<object?>(
            what,
            async () =>
            {
                await call().ConfigureAwait(false);
                return null;
            },
            cancellation).ConfigureAwait(false);
    }
}
