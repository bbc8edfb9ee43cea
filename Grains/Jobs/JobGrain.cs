using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Storage;
using Orleans.Streams;
using Parcae.Grains.Hosting;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Jobs.Reconfiguring;

namespace Parcae.Grains.Jobs;

/// <summary>
/// The surface of a job: takes in calls, reports and events, and leaves the work to its <see cref="Reconciler"/>. Reentrant, so that it answers while a
/// reconfiguration is under way; one writer (<see cref="JobStore"/>) and one loop (<see cref="Reconciler"/>) keep what interleaves apart.
/// </summary>
[Reentrant]
internal sealed partial class JobGrain : Grain, IJobGrain, IRemindable
{
    private const string ReminderName = ParcaeNames.JobReminder;
    private const int LogPage = 200;

    private readonly IPersistentState<JobState> _state;
    private readonly JobStore _store;
    private readonly FleetOptions _fleetOptions;
    private readonly ILogger<JobGrain> _logger;
    private readonly ThroughputMeter _throughput = new();
    private readonly Job _job;
    private readonly Reconciler _reconciler;
    private readonly VaultWatch _vault;
    private DateTimeOffset _savedAt, _countedAt;
    private bool _subscribed, _catchingUp;
    private ForecastBand[] _ahead = [];

    public JobGrain(
        [PersistentState("job", ParcaeNames.Storage)] IPersistentState<JobState> state,
        IGrainContext context,
        IServiceProvider services,
        IJobPlannerFactory planners,
        IOptions<JobOptions> options,
        IOptions<FleetOptions> fleetOptions,
        TimeProvider time,
        ILogger<JobGrain> logger)
    {
        (_state, _fleetOptions, _logger) = (state, fleetOptions.Value, logger);
        _store = new JobStore(state, services.GetRequiredKeyedService<IGrainStorage>(ParcaeNames.Storage), context.GrainId);
        _job = new Job(context.GrainId.Key.ToString()!, _store, GrainFactory, planners, options.Value, time, logger);
        _reconciler = new Reconciler(_job, DeactivateOnIdle);
        _vault = new VaultWatch(_job);
    }

    private JobState State => _state.State;

    /// <summary>Completes when everything that the job has heard of so far has been dealt with.</summary>
    internal Task Settled => _reconciler.Settled;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _store.Load();
        if (State.Spec is not null && !State.Ended) Begin();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _reconciler.Stop();
        _job.Resuming?.Dispose();
        // A silo is gone that knew where this activation is. Workers that are halted ask for the job no more than anybody else: it must not stand still until its reminder comes.
        if (reason.ReasonCode == DeactivationReasonCode.DirectoryFailure && State.Spec is not null && !State.Ended) GrainFactory.GetGrain<IJobGrain>(_job.Id).Status().Ignore();
        return Task.CompletedTask;
    }

    public async Task Submit(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (JobSpecValidation.Problems(spec) is { Count: > 0 } problems) throw new ArgumentException(string.Join(Environment.NewLine, problems));
        if (State.Spec is not null)
        {
            if (!JobSpecComparison.Same(State.Spec, spec)) throw new ArgumentException($"Job '{_job.Id}' exists with another spec; submit under another id.");
            return;
        }

        // First: a job that the directory does not know could never be found again; one that it knows and that is missing can be submitted again.
        await GrainFactory.GetGrain<IJobDirectoryGrain>(spec.Fleet).Add(_job.Id);
        var fleet = await GrainFactory.GetGrain<IFleetGrain>(spec.Fleet).Snapshot();
        if (State.Spec is not null)
        {
            await Submit(spec);
            return;
        }

        State.Spec = spec;
        State.Salt = RandomNumberGenerator.GetBytes(32);
        State.SubmittedAt = _job.Now;
        State.FleetSequence = fleet.LastSequence;
        State.InstanceHours = 0;
        Expect(fleet);
        _store.Open();
        _job.Tell("submitted");
        try
        {
            await _store.Save();
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        if (Reminders) await this.RegisterOrUpdateReminder(ReminderName, _job.Options.ReminderPeriod, _job.Options.ReminderPeriod);
        Begin();
    }

    public Task<JobStatus> Status()
    {
        Existing();
        return Task.FromResult(new JobStatus
        {
            JobId = _job.Id,
            Phase = State.Phase,
            Reason = State.Reason,
            Plan = State.Plan,
            CommittedStep = _job.Book.Committed,
            Loss = _job.Book[_job.Book.Committed - 1]?.Loss,
            SamplesPerSecond = State.Phase is JobPhase.Training or JobPhase.Reconfiguring ? _throughput.SamplesPerSecond(_job.Now) : 0,
            LastReconfiguration = State.LastGeneration,
            LastInterval = _store.LastInterval,
            Spares = _job.Spares,
            Share = _job.Share,
            ShareReason = _job.ShareReason,
            Ledger = _job.Book.Accounts(),
            CostUsd = State.CostUsd,
            Model = State.Outline?.Description,
            Parameters = State.Outline?.Parameters,
            ValidationLoss = _job.Book.ValidationLoss,
            Vault = _vault.Status,
            LastEvent = State.LastEvent,
            Name = _job.Spec.Name,
            Steps = _job.Spec.Training.Steps,
            SubmittedAt = State.SubmittedAt,
            PausedByUser = State.Intent == JobIntent.Pause,
            IsEnding = State.Intent is JobIntent.Finish or JobIntent.Cancel,
            InstanceHours = State.InstanceHours,
            Forecast = _ahead,
            StageTimings = [.. _job.Timings.Select(t => new InstanceTiming(t.Key, t.Value)).OrderBy(t => t.Timing.Stage).ThenBy(t => t.InstanceId, StringComparer.Ordinal)],
        });
    }

    public Task<JobHistory> History(int fromStep)
    {
        Existing();
        return Task.FromResult(new JobHistory
        {
            Spec = _job.Spec,
            Generations = [.. _store.Generations],
            Steps = _job.Book.Steps(fromStep),
            Intervals = [.. _store.Intervals],
            Ledger = _job.Book.Accounts(),
            Outline = State.Outline,
            SubmittedAt = State.SubmittedAt,
            At = _job.Now,
        });
    }

    public Task<JobEvent[]> Events(long sequence)
    {
        Existing();
        return Task.FromResult(State.Events.SkipWhile(e => e.Sequence <= sequence).ToArray());
    }

    public Task<ReconfigurationRecord?> Reconfiguration(int generation)
    {
        Existing();
        return _store.Reconfiguration(generation);
    }

    public Task Pause() => Want(JobIntent.Pause, JobIntent.Run);

    public Task Resume() => Want(JobIntent.Run, JobIntent.Pause);

    public Task Cancel() => Want(JobIntent.Cancel, JobIntent.Run, JobIntent.Pause, JobIntent.Finish);

    public Task Finish() => Want(JobIntent.Finish, JobIntent.Run, JobIntent.Pause);

    public Task<StepAck> ReportSteps(StepReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Existing();

        // An ended job has no current generation: a number above all that ever ran stops whoever missed the end.
        if (State.Ended) return Task.FromResult(new StepAck(State.Attempted + 1, _job.Book.Committed));
        if (!_job.Frozen && report.Generation == State.Plan?.Generation && _job.IsMember(report.InstanceId))
        {
            if (report.Timing is { } timing) _job.Timings[report.InstanceId] = timing;
            bool news = false;
            foreach (var result in report.Results) news |= StepIntake.Take(_job, result);
            if (news)
            {
                _throughput.Add(_job.Now, (long)_job.Book.Committed * _job.Spec.Training.GlobalBatch);
                _job.Resuming?.Dispose();
                _job.Resuming = null;
                if (_job.AllStepsDone) _reconciler.MarkDirty();
            }
        }

        return Task.FromResult(new StepAck(State.Plan?.Generation ?? 0, Math.Min(_store.DurableSteps, _job.Book.FirstMissing)));
    }

    public Task ReportBroken(BrokenReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        Existing();
        bool atRest = State.Halted && _job.Frozen;
        if (State.Ended || atRest || report.Generation != State.Plan?.Generation || !_job.IsMember(report.InstanceId)) return Task.CompletedTask;
        string said = $"{report.InstanceId} reports: {report.Message}";
        if (State.Plan.ShardOf(report.PeerInstanceId) is not null)
        {
            _job.LeaveVault(said);
            return Task.CompletedTask;
        }

        if (!_job.IsMember(report.PeerInstanceId)) return Task.CompletedTask;
        _job.StoppedAt ??= _job.Time.GetTimestamp();
        bool refused = report.Refused || _job.Suspects.GetValueOrDefault(report.PeerInstanceId)?.Refused == true;
        int incarnation = State.Plan.Of(report.PeerInstanceId)!.Peer.Incarnation;
        _job.Suspects[report.PeerInstanceId] = new Suspect(refused, said, incarnation);
        _job.Causes.Add(new Cause(
            refused ? $"{report.PeerInstanceId} lost without notice" : $"{report.PeerInstanceId} does not answer",
            report.PeerInstanceId, Activity.Current?.Id, _job.Now, Important: false));
        if (refused && _job.IsCurrent(report.PeerInstanceId, incarnation)) _job.Attempt?.SetGone(report.PeerInstanceId);
        else _job.Attempt?.SetUrgent();
        _reconciler.MarkDirty();
        return Task.CompletedTask;
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => State.Ended ? StopReminder() : Task.CompletedTask;

    private bool Reminders => ServiceProvider.GetService<IReminderTable>() is not null;

    private void Existing()
    {
        if (State.Spec is null) throw new KeyNotFoundException($"There is no job '{_job.Id}'.");
    }

    private async Task Want(JobIntent intent, params JobIntent[] from)
    {
        Existing();
        if (State.Ended) return;
        if (State.Intent != intent)
        {
            if (!from.Contains(State.Intent)) throw new InvalidOperationException($"Job '{_job.Id}' is about to end ({State.Intent}); it cannot be changed to {intent} any more.");
            State.Intent = intent;
            _job.Tell($"the user asks: {intent}");
            if (intent == JobIntent.Run) _job.Causes.Add(new Cause("resumed by the user", null, Activity.Current?.Id, _job.Now, Important: true));
        }

        // Also for whoever asks again: the first time the store may have been away.
        await _store.Save();
        _reconciler.MarkDirty();
    }

    private async Task StopReminder()
    {
        if (Reminders && await this.GetReminder(ReminderName) is { } reminder) await this.UnregisterReminder(reminder);
    }
}
