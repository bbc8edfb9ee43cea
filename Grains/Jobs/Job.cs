using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.Grains.Hosting;
using Parcae.Grains.Jobs.Following;
using Parcae.Grains.Jobs.Ledger;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Jobs.Reconfiguring;
using Parcae.Liveput;

namespace Parcae.Grains.Jobs;

/// <summary>An instance that was found broken.</summary>
/// <param name="Refused">Whether its port refused a fresh connection: its process is gone, it is not called any more.</param>
/// <param name="Message">What was seen.</param>
/// <param name="Incarnation">Of which of the processes under its id; 0: not known.</param>
internal sealed record Suspect(bool Refused, string Message, int Incarnation);

/// <summary>A job at work: its durable state and what is only true of this activation. All of it lives on the grain's scheduler.</summary>
internal sealed partial class Job(
    string id,
    JobStore store,
    IGrainFactory grains,
    IJobPlannerFactory planners,
    JobOptions options,
    TimeProvider time,
    ILogger logger)
{
    private const int EventsKept = 1000;

    // The wait doubles so often.
    private const int MostVaultFailures = 2;

    private IJobPlanner? _planner;
    private FollowedPlanning? _following;
    private int _vaultFailures;
    private DateTimeOffset _vaultBackAt;
    private DateTimeOffset _askVaultAt;

    /// <summary>The job's id.</summary>
    public string Id => id;

    public JobStore Store => store;

    public JobState State => store.State;

    public LedgerBook Book => store.Book!;

    public JobOptions Options => options;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    public JobSpec Spec => State.Spec!;

    /// <summary>The model, which a worker has described before anything is planned.</summary>
    public ModelOutline Outline => State.Outline ?? throw new InvalidOperationException($"The model of job '{id}' has not been described yet.");

    public IJobPlanner Planner => _planner ??= planners.Create(Spec, Outline);

    /// <summary>The plan that is followed, if any.</summary>
    public FollowedPlanning Following => _following ??= new FollowedPlanning(this);

    /// <summary>The planner, or where the model is not known yet the forecaster alone.</summary>
    public IJobForecaster Forecaster => State.Outline is null ? planners.Forecaster(Spec) : Planner;

    public DateTimeOffset Now => time.GetUtcNow();

    public IFleetGrain Fleet => grains.GetGrain<IFleetGrain>(Spec.Fleet);

    /// <summary>What happened since the last generation was settled.</summary>
    public Causes Causes { get; } = new();

    /// <summary>Instances that were found broken and have not answered since.</summary>
    public Dictionary<string, Suspect> Suspects { get; } = new(StringComparer.Ordinal);

    /// <summary>How often in a row an instance failed to prepare.</summary>
    public Dictionary<string, int> PrepareFailures { get; } = new(StringComparer.Ordinal);

    /// <summary>Checkpoints that could not be restored.</summary>
    public HashSet<CheckpointMark> DamagedCheckpoints { get; } = [];

    /// <summary>Set while a generation is being brought about: what happens meanwhile is signalled to it.</summary>
    public AttemptSignals? Attempt { get; set; }

    /// <summary>The span from the switch to the first step of the generation, while it lasts.</summary>
    public Resuming? Resuming { get; set; }

    /// <summary>Whether step reports are not taken in, because training was brought to rest and the next generation has not begun.</summary>
    public bool Frozen { get; set; } = true;

    /// <summary>When training stopped (a timestamp of <see cref="Time"/>), or null while it runs.</summary>
    public long? StoppedAt { get; set; }

    /// <summary>A state vault that failed is left alone until then.</summary>
    public DateTimeOffset VaultRetryAt { get; private set; }

    /// <summary>What each replica of the current generation told last of where its time goes.</summary>
    public Dictionary<string, StageTiming> Timings { get; } = new(StringComparer.Ordinal);

    /// <summary>Instances without a stage, by id.</summary>
    public string[] Spares { get; set; } = [];

    /// <summary>How many worker instances the fleet lets the job use, and why no more; see <see cref="FleetLease"/>.</summary>
    public int Share { get; private set; }

    /// <inheritdoc cref="Share"/>
    public string ShareReason { get; private set; } = "";

    /// <summary>Instances that the job holds, with their prices.</summary>
    public InstanceRecord[] Held { get; set; } = [];

    /// <summary>The strategy that is training, or a pause.</summary>
    public Strategy Strategy => State.Plan is { } plan && !State.WasPaused ? new Strategy(plan.Pipelines, plan.Depth) : Strategy.None;

    public IInstanceGrain Instance(string instanceId) => grains.GetGrain<IInstanceGrain>(instanceId);

    public IStageGrain Stage(int stage) => grains.GetGrain<IStageGrain>($"{id}/{stage}");

    /// <summary>Whether every step asked for is done.</summary>
    public bool AllStepsDone => Spec.Training.Steps is { } steps && Book.Committed >= steps;

    /// <summary>
    /// Puts a question to an instance, again if its grain, which only relays, is lost or out of reach: that says nothing about the instance. Its own loss comes back as <see cref="InstanceGoneException"/>, and
    /// that it cannot be reached as <see cref="InstanceUnreachableException"/>.
    /// </summary>
    public Task<T> Ask<T>(string instanceId, Func<IInstanceGrain, Task<T>> question) => Relays.Ask(() => question(Instance(instanceId)), time);

    /// <summary>Whether an instance has a place in the plan that is training.</summary>
    public bool IsMember(string instanceId) => State.Plan?.Of(instanceId) is not null;

    public Task Save() => store.Save();

    /// <summary>Keeps how a generation came about. Training does not depend on it: that it could not be kept is only logged.</summary>
    public async Task Keep(ReconfigurationRecord reconfiguration)
    {
        try
        {
            await store.Keep(reconfiguration);
        }
        catch (Exception e)
        {
            LogNotKept(e, id, reconfiguration.Generation);
        }
    }

    /// <summary>Adds to the job's events. Durable with the next save.</summary>
    public void Tell(string message)
    {
        State.Events.Add(new JobEvent(++State.LastEvent, Now, message));
        if (State.Events.Count > EventsKept) State.Events.RemoveRange(0, State.Events.Count - EventsKept);
        LogEvent(id, message);
    }

    /// <summary>Changes the phase, telling about it when it is new.</summary>
    public void Enter(JobPhase phase, string? reason)
    {
        if (State.Phase == phase && State.Reason == reason) return;
        State.Phase = phase;
        State.Reason = reason;
        if (reason is not null) Tell($"{phase}: {reason}");
    }

    /// <summary>Leaves the state vault alone for a while; training goes on without it. One that fails again and again is left alone for longer, as every return costs a copy of the state.</summary>
    public void LeaveVault(string why)
    {
        _vaultFailures = Now - _vaultBackAt < (1 << MostVaultFailures) * options.VaultRetry ? Math.Min(_vaultFailures + 1, MostVaultFailures) : 0;
        VaultRetryAt = Now + (1 << _vaultFailures) * options.VaultRetry;
        if (State.Plan is { Vault.Length: > 0 } plan) State.Plan = plan with { Vault = [] };
        Tell($"going on without the state vault: {why}");
    }

    /// <summary>Has the loop look again after a while: the vault cannot give what it has at present, and nobody will tell when it can.</summary>
    public void AskVaultAgain() => _askVaultAt = Now + options.VaultRetry;

    /// <summary>Leaves the state vault alone if one of its instances has failed with what it was asked. Returns whether none has.</summary>
    /// <param name="calls">What each was asked.</param>
    /// <param name="cannot">What one that fails does not do, for people.</param>
    public bool KeepsVault<T>(IReadOnlyDictionary<string, T> calls, string cannot)
        where T : Task
    {
        string[] failed = [.. calls.Where(c => !c.Value.IsCompletedSuccessfully).Select(c => $"{c.Key} does not {cannot} ({c.Value.Failure()})")];
        if (failed.Length > 0) LeaveVault(string.Join(", ", failed));
        return failed.Length == 0;
    }

    /// <summary>Ends the time for which a state vault was left alone, or not asked, if it is over. Returns whether it just has ended.</summary>
    public bool TakeVaultBack()
    {
        if (_askVaultAt != default && Now >= _askVaultAt)
        {
            _askVaultAt = default;
            return true;
        }

        if (VaultRetryAt == default || Now < VaultRetryAt) return false;
        (_vaultBackAt, VaultRetryAt) = (Now, default);
        return true;
    }

    /// <summary>The process that runs under an instance id as far as the job knows; 0: not known.</summary>
    public int IncarnationOf(string instanceId) => Held.FirstOrDefault(r => r.Info.Id == instanceId)?.Info.DataPlane.Incarnation ?? 0;

    /// <summary>Notes that an instance is gone. What has come in its place under its id is none the worse for it.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="incarnation">Which of the processes under its id; 0: not known.</param>
    public void NoteGone(string instanceId, int incarnation)
    {
        if (Suspects.TryGetValue(instanceId, out var suspect) && (incarnation == 0 || suspect.Incarnation == incarnation)) Suspects.Remove(instanceId);
        if (IsCurrent(instanceId, incarnation)) Attempt?.SetGone(instanceId);
    }

    /// <summary>Whether a process is the one that runs under an instance id now, as far as that is known.</summary>
    public bool IsCurrent(string instanceId, int incarnation) => incarnation == 0 || IncarnationOf(instanceId) is var known && (known == 0 || known == incarnation);

    /// <summary>Tells the fleet that an instance is gone.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="incarnation">Which of the processes under its id: another one that has come meanwhile is none the worse for it. 0: whichever is there.</param>
    /// <param name="reason">Why, for people.</param>
    public async Task Lose(string instanceId, int incarnation, string reason)
    {
        Suspects.Remove(instanceId);
        PrepareFailures.Remove(instanceId);
        Tell($"{instanceId} counts as lost: {reason}");
        await Fleet.Lost(instanceId, reason, incarnation);
    }

    /// <summary>Asks the fleet for instances, and says what the job can count on.</summary>
    public async Task<Roster> CallRoll()
    {
        var fleet = await Fleet.Snapshot();
        var lease = await Fleet.Claim(JobClaims.Of(this, fleet));
        Held = lease.Held;
        (Share, ShareReason) = (lease.Share, lease.Reason);
        var workers = Held.Where(r => r.Info.Role == InstanceRole.Worker).ToArray();
        var vaults = Held.Where(r => r is { Info.Role: InstanceRole.Vault, Phase: not (InstancePhase.Draining or InstancePhase.Gone) });
        bool wantsVault = Spec.Training.Vault && Now >= VaultRetryAt;
        return new Roster(
            fleet,
            [.. workers.Where(r => r.Phase != InstancePhase.Draining)],
            [.. workers.Where(r => r.Phase == InstancePhase.Draining)],
            wantsVault ? [.. vaults.OrderBy(r => Shard(r.Info.Id)).ThenBy(r => r.Info.Id, StringComparer.Ordinal)] : [],
            vaults.Any(),
            lease.Share,
            lease.Reason);

        // Those that follow already keep their places among the shards.
        int Shard(string id) => State.Plan?.ShardOf(id) is { } shard ? Array.IndexOf(State.Plan.Vault, shard) : int.MaxValue;
    }

    [LoggerMessage(LogLevel.Warning, "How generation {Generation} of job {JobId} came about could not be kept")]
    private partial void LogNotKept(Exception exception, string jobId, int generation);

    [LoggerMessage(LogLevel.Information, "Job {JobId}: {Message}")]
    private partial void LogEvent(string jobId, string message);
}

/// <summary>What a job can count on.</summary>
/// <param name="Fleet">The fleet with its past.</param>
/// <param name="Usable">Worker instances that may have a place.</param>
/// <param name="Draining">Worker instances that are about to leave; they still hold state.</param>
/// <param name="Vault">The instances that are to follow as the state vault, in the order of their shards.</param>
/// <param name="HasVault">Whether there is any vault, even one that is left alone for now.</param>
/// <param name="Share">How many instances the job is to use of those that it holds.</param>
/// <param name="ShareReason">Why its share is no greater, for people; empty when it has all there is.</param>
internal sealed record Roster(
    FleetSnapshot Fleet, InstanceRecord[] Usable, InstanceRecord[] Draining, InstanceRecord[] Vault, bool HasVault, int Share, string ShareReason)
{
    /// <summary>How many instances a plan may take.</summary>
    public int Plannable => Math.Min(Usable.Length, Share);

    /// <summary>The roster without instances that turned out to be gone.</summary>
    public Roster Without(ICollection<string> gone) => gone.Count == 0
        ? this
        : this with
        {
            Usable = [.. Usable.Where(r => !gone.Contains(r.Info.Id))],
            Draining = [.. Draining.Where(r => !gone.Contains(r.Info.Id))],
        };
}
