using System.Diagnostics;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Telemetry;
using Parcae.Liveput;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>
/// One attempt at a new generation: halt, find the version to begin at, assign places, prepare, commit, switch. Anything that fails on the way ends the attempt
/// with <see cref="AttemptFailedException"/>; workers keep what they hold until a switch, so the next attempt begins with what this one brought about.
/// </summary>
internal sealed class Reconfiguration(Job job, Roster roster, PlanningResult planned, IReadOnlyCollection<Cause> causes, string otherwise)
{
    private readonly AttemptSignals _signals = new();
    private readonly long _decidedAt = job.Time.GetTimestamp();
    private readonly GenerationPlan? _before = job.State.Plan;
    private readonly bool _wasPaused = job.State.WasPaused;
    private readonly ReconfigurationNotes _notes = new(job, planned);
    private Shadowing? _ahead;

    /// <summary>What brought it about, for people.</summary>
    private string Cause => Causes.Describe(causes, job.IsMember, otherwise);

    /// <summary>Runs the attempt. Ends with the job training under a new generation, or paused, or with all steps done; or before anything was changed, as there is news to be reckoned with.</summary>
    /// <param name="mode">When members stop: at a boundary if the change is planned, and then others follow their layers first.</param>
    /// <param name="news">Completes when something happens.</param>
    /// <returns>Whether it came to its end.</returns>
    public async Task<bool> Run(HaltMode mode, Task news)
    {
        string cause = Cause;
        job.Resuming?.Dispose();
        job.Resuming = null;
        using var trace = new ReconfigurationTrace(job.Id, cause, causes, planned);
        job.Attempt = _signals;
        try
        {
            _ahead = new Shadowing(job, roster, _signals, trace, _notes);
            if (mode == HaltMode.AtBoundary && await _ahead.Run(planned.Decision.Strategy, news) == ShadowingOutcome.Overtaken) return false;
            await Run(trace, cause, mode);
            return true;
        }
        finally
        {
            job.Attempt = null;
        }
    }

    private async Task Run(ReconfigurationTrace trace, string cause, HaltMode mode)
    {
        if (job.State.Phase != JobPhase.Paused) job.Enter(JobPhase.Reconfiguring, cause);
        Rest rest;
        using (_notes.Phase("halt")) rest = await Rest.Bring(job, roster, mode, _signals);
        long halted = job.Time.GetTimestamp();
        trace.SetGeneration(rest.Generation);
        var decision = Decide(rest);
        if (decision.Strategy.IsPause)
        {
            await Pausing.ForLackOf(job, rest, Lack(job, rest.Roster));
            return;
        }

        if (rest.FindOrigin() is not { } origin)
        {
            string checkpoints = rest.CheckpointAway is { } away ? $"its checkpoint of step {away.Version}, which {away.InstanceId} had" : "its checkpoints";
            if (rest.CheckpointsUnread is not null) job.AskVaultAgain();
            await Pausing.ForLackOf(job, rest, $"{(rest.Passed > 0 ? $"no instance holds the state of step {rest.Passed}" : "there may be a checkpoint")}; waiting for the state vault and {checkpoints}{(rest.CheckpointsUnread is { } unread ? $": {unread}" : "")}");
            return;
        }

        if (job.Spec.Training.Steps is { } steps && origin.Target.Version >= steps && rest.Passed >= steps) return;
        GenerationPlan plan;
        using (_notes.Phase("assign"))
        using (trace.Child("assign")) plan = Assign(rest, decision.Strategy, origin);
        _signals.Need(plan.Places.Select(p => p.Peer.InstanceId));
        var kind = MigrationClassifier.Classify(_before, plan, _wasPaused);
        trace.SetKind(kind);
        var record = new GenerationRecord
        {
            Number = plan.Generation,
            Cause = cause,
            Kind = kind,
            Pipelines = plan.Pipelines,
            Depth = plan.Depth,
            AtStep = plan.StartStep,
            PauseMilliseconds = 0,
            PrepareMilliseconds = 0,
            BytesMoved = 0,
            StepsReplayed = Math.Max(0, rest.Passed - plan.StartStep),
            At = job.Now,
            Liveput = decision.Liveput,
            Throughput = decision.Candidates.FirstOrDefault(c => c.Strategy == decision.Strategy)?.Throughput,
            Source = MigrationClassifier.Source(plan, origin.Target.Holders, [.. rest.Vault.Select(v => v.InstanceId)], origin.Checkpoint is not null, _ahead!.Has),
        };
        long preparing = job.Time.GetTimestamp();
        try
        {
            (plan, record) = await Prepare(trace, plan, record, origin, rest);
        }
        catch (CheckpointAwayException e)
        {
            job.AskVaultAgain();
            await Pausing.Leave(job, $"waiting for a checkpoint of the state vault: {e.Message}");
            return;
        }

        var prepared = job.Time.GetElapsedTime(preparing);
        await Commit(plan, record);
        await Switch(trace, plan);
        await Finish(trace, plan, rest, job.Time.GetElapsedTime(halted) - prepared);
        await job.Keep(_notes.Record(plan, decision, planned.Followed, rest.Roster.Plannable, ForecastBands.Of(job.Forecaster.Forecast(roster.Fleet))));
    }

    /// <summary>The strategy: as planned, unless the halt showed that instances are gone.</summary>
    private PlanDecision Decide(Rest rest) =>
        rest.Roster.Usable.Length == roster.Usable.Length ? planned.Decision : Situation.Plan(job, rest.Roster).Decision;

    private GenerationPlan Assign(Rest rest, Strategy strategy, Origin origin)
    {
        var stages = job.Planner.Partition(strategy.Depth);
        var held = origin.Target.Holders.Select(h => h.ToHashSet(StringComparer.Ordinal)).ToArray();
        return new GenerationPlan
        {
            JobId = job.Id,
            Generation = rest.Generation,
            Pipelines = strategy.Pipelines,
            Depth = strategy.Depth,
            Stages = stages,
            Places = Situation.Assign(job, rest.Roster, strategy, stages, (id, layer) => held[layer].Contains(id), _before),
            Vault = Situation.Shards(job, rest.Roster),
            StartStep = origin.Target.Version,
        };
    }

    private async Task<(GenerationPlan Plan, GenerationRecord Record)> Prepare(
        ReconfigurationTrace trace, GenerationPlan plan, GenerationRecord record, Origin origin, Rest rest)
    {
        using var span = trace.Child("prepare");
        using var phase = _notes.Phase("prepare");
        long start = job.Time.GetTimestamp();
        var (reports, follows) = await new Preparing(job, new Preparation(job, plan, origin, rest.Endpoints), _signals).Run(plan, origin);
        long bytes = reports.Sum(r => r.BytesReceived);
        foreach (var report in reports) _notes.Moved(report.InstanceId, report.From, report.BytesReceived, report.Milliseconds, ahead: false);
        span?.SetTag("bytes", bytes);
        return (follows ? plan : plan with { Vault = [] },
            record with { PrepareMilliseconds = (_ahead!.Took + job.Time.GetElapsedTime(start)).TotalMilliseconds, BytesMoved = _ahead.Bytes + bytes });
    }

    private async Task Commit(GenerationPlan plan, GenerationRecord record)
    {
        using var phase = _notes.Phase("commit");
        int again = job.Book.FallBack(plan.StartStep);
        if (again > 0) job.Tell($"{again} steps from {plan.StartStep} on are run again");
        job.State.Plan = plan;
        job.State.Halted = job.State.WasPaused = false;
        job.Timings.Clear();
        job.Store.Add(record with { PauseMilliseconds = PauseSoFar(record.Kind) });
        await job.Save();
        job.Frozen = false;
    }

    private async Task Switch(ReconfigurationTrace trace, GenerationPlan plan)
    {
        using var span = trace.Child("switch");
        using var phase = _notes.Phase("switch");
        var command = new SwitchCommand(job.Id, plan.Generation, plan.StartStep);
        var vault = plan.Vault.Select(s => s.Peer.InstanceId).ToDictionary(id => id, Order);
        var calls = plan.Places.Select(p => p.Peer.InstanceId).ToDictionary(id => id, Order);
        var all = Task.WhenAll(calls.Values);
        await Task.WhenAny(all, _signals.Broken).CompletesWithin(job.Options.SwitchTimeout, job.Time);
        if (!all.IsCompletedSuccessfully)
        {
            var failed = calls.Where(c => !c.Value.IsCompletedSuccessfully).ToArray();
            foreach (var (id, call) in failed) job.Suspects.TryAdd(id, new Suspect(false, call.Failure(), plan.Of(id)!.Peer.Incarnation));
            throw new AttemptFailedException($"generation {plan.Generation} did not begin: {string.Join(", ", failed.Select(f => $"{f.Key} ({f.Value.Failure()})"))}", false);
        }

        await Task.WhenAll(vault.Values).CompletesWithin(job.Options.VaultTimeout, job.Time);
        job.KeepsVault(vault, "follow");

        Task Order(string id) => Relays.Order(() => job.Instance(id).Switch(command), job.Time);
    }

    private async Task Finish(ReconfigurationTrace trace, GenerationPlan plan, Rest rest, TimeSpan commit)
    {
        var last = job.State.LastGeneration!;
        job.Store.Amend(last = last with { PauseMilliseconds = PauseSoFar(last.Kind), CommitMilliseconds = commit.TotalMilliseconds });
        job.StoppedAt = null;
        job.PrepareFailures.Clear();
        job.Causes.Settle(causes);
        job.Spares = [.. rest.Roster.Usable.Select(r => r.Info.Id).Where(id => plan.Of(id) is null)];
        job.Enter(JobPhase.Training, null);
        job.Tell($"generation {last.Number}: {last.Pipelines} x {last.Depth} from step {last.AtStep}, {last.Kind} ({last.Cause}), state from {last.Source}, "
            + $"pause {last.PauseMilliseconds:0} ms");
        job.Resuming = trace.Resume();

        var tags = new TagList { { "job", job.Id }, { "kind", last.Kind.ToString() } };
        ParcaeTelemetry.ReconfigurationDuration.Record(job.Time.GetElapsedTime(_decidedAt).TotalSeconds, tags);
        ParcaeTelemetry.ReconfigurationPause.Record(last.PauseMilliseconds / 1000, tags);
        ParcaeTelemetry.ReconfigurationCommit.Record(commit.TotalSeconds, tags);
        ParcaeTelemetry.Liveput.Record(last.Liveput, new KeyValuePair<string, object?>("job", job.Id));
        await job.Save();

        // A vault that is only left alone keeps what it has.
        var leavers = rest.Reports.Values.Concat(plan.Vault.Length > 0 ? rest.Vault : [])
            .Where(r => r.Layers.Length > 0 && plan.Of(r.InstanceId) is null && plan.ShardOf(r.InstanceId) is null).Select(r => r.InstanceId);
        await Releasing.Release(job, rest.Generation, leavers);
    }

    private double PauseSoFar(MigrationKind kind) =>
        kind == MigrationKind.Start ? 0 : job.Time.GetElapsedTime(job.StoppedAt ?? _decidedAt).TotalMilliseconds;

    /// <summary>Why there is no plan, for people.</summary>
    public static string Lack(Job job, Roster roster)
    {
        if (job.Following.Now is { Strategy.IsPause: true } now) return $"interval {now.Interval} of the plan that it follows is a pause";
        string there = roster.Plannable switch
        {
            0 => "no instance is available",
            1 => "1 instance is available",
            var n => $"{n} instances are available",
        };
        if (roster.ShareReason.Length > 0) there = $"{there} ({roster.ShareReason})";
        if (job.State.Outline is null) return there;
        if (job.Spec.Sharing.MinInstances > Math.Max(roster.Plannable, job.Planner.MinInstances)) return $"{there}; the job is to run with no fewer than {job.Spec.Sharing.MinInstances}";
        return job.Planner.MinInstances == int.MaxValue
            ? $"{there}; no plan of this model fits instances of this memory, whatever their number"
            : $"{there}; the smallest plan needs {job.Planner.MinInstances}";
    }
}
