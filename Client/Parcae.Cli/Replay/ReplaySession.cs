using Parcae.Cli.Commands;
using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Replay.Acting;
using Parcae.Cli.Replay.Fleet;
using Parcae.Cli.Replay.Plans;
using Parcae.Cli.Replay.Results;
using Parcae.Client;
using Parcae.Grains;

using StackExchange.Redis;

namespace Parcae.Cli.Replay;

/// <summary>One replay: sends away whom the trace does not have at first, acts it out, and puts the fleet back, whatever happens.</summary>
internal sealed class ReplaySession
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LostTimeout = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan HistoryTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleTimeout = TimeSpan.FromMinutes(3);

    private readonly ReplaySetting _setting;
    private readonly IParcaeClient _client;
    private readonly ReplayStore _store;
    private readonly DemoProgress _progress;
    private readonly DemoAbort _abort;
    private readonly FleetCloud _cloud;
    private readonly ReplayDriver _driver;
    private readonly PlanKeeper? _plan;

    /// <summary>A session that has touched nothing yet.</summary>
    public ReplaySession(ReplaySetting setting, IParcaeClient client, ReplayStore store, DemoProgress progress, DemoAbort abort)
    {
        (_setting, _client, _store, _progress, _abort) = (setting, client, store, progress, abort);
        _cloud = new FleetCloud(client, store, setting, progress, abort) { UntilBack = UntilBack };
        _driver = new ReplayDriver(setting.Replay, setting.Source.Interval, _cloud, TimeProvider.System);
        _plan = setting.Source.Plan is { } policy ? new PlanKeeper(policy, setting, client, progress) : null;
        progress.Position = () => _driver.Position;
    }

    private string Job => _setting.Job.JobId;

    /// <summary>Runs all of it; the fleet is put back when it returns, and when it fails.</summary>
    /// <exception cref="CommandFailedException">Another replay has the fleet, or it could not even begin.</exception>
    public async Task<ReplayOutcome> RunAsync()
    {
        var options = _setting.Options;
        await _store.TakeAsync(options.Fleet, _setting.Id).ConfigureAwait(false);
        using var keeping = new CancellationTokenSource();
        var keep = _abort.GuardAsync(Quietly(_store.KeepAsync(options.Fleet, _setting.Id, keeping.Token)));
        using var acting = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token);
        var watch = _abort.GuardAsync(Quietly(_cloud.WatchAsync(acting.Token)));
        ReplayBegin? begin = null;
        JobHistory? after = null;
        Exception? failure = null;
        double wall = 0;
        string[] notBack = [];
        try
        {
            await SendAwayAsync().ConfigureAwait(false);
            begin = await BeginAsync().ConfigureAwait(false);
            await ActAsync(begin).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            failure = _abort.Cause ?? e;
        }

        try
        {
            if (begin is not null)
            {
                wall = (_progress.Elapsed - begin.Elapsed).TotalSeconds;
                // Those who are away are not kept waiting for a service that does not answer.
                after = await _client.GetHistoryAsync(Job, begin.FirstStep).WaitAsync(HistoryTimeout).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is ParcaeUnavailableException or TimeoutException)
        {
            failure ??= e;
        }
        finally
        {
            await acting.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
            notBack = await PutBackAsync().ConfigureAwait(false);
            await keeping.CancelAsync().ConfigureAwait(false);
            await keep.ConfigureAwait(false);
            await ReleaseAsync().ConfigureAwait(false);
        }

        if (begin is null || after is null) throw Explained(failure!, notBack);
        return Outcome(begin, after, wall, failure is null ? null : Words(failure), notBack);
    }

    /// <summary>Those whom the trace does not have at first leave as with a notice, and are not counted.</summary>
    private async Task SendAwayAsync()
    {
        string[] extra = [.. _setting.Fleet.Select(r => r.Info.Id).Except(_setting.Replay.Initial)];
        if (extra.Length == 0) return;
        var grace = _setting.Options.Grace ?? _setting.Source.Interval;
        _progress.Stage($"sending {extra.Length} of {_setting.Fleet.Count} workers away");
        await Task.WhenAll(extra.Select(id => _cloud.NoticeAsync(id, grace, _abort.Token))).ConfigureAwait(false);
        _ = await UntilAsync(async () => HasLeft(await StatusAsync().ConfigureAwait(false), extra), grace).ConfigureAwait(false);
        await Task.WhenAll(extra.Select(id => _cloud.SendAwayAsync(id, _abort.Token))).ConfigureAwait(false);
        if (!await UntilAsync(() => Task.FromResult(extra.All(_cloud.IsLost)), LostTimeout).ConfigureAwait(false))
            throw new CommandFailedException($"{string.Join(", ", extra.Where(id => !_cloud.IsLost(id)))} did not vanish within {LostTimeout.TotalSeconds:0} s; the logs of these workers say why.");
        if (!await UntilAsync(async () => HasSettled(await StatusAsync().ConfigureAwait(false), extra), SettleTimeout).ConfigureAwait(false))
            throw new CommandFailedException($"Job {Job} did not train on the other {_setting.Replay.Initial.Count} workers within {SettleTimeout.TotalMinutes:0} minutes.");
    }

    private async Task<ReplayBegin> BeginAsync()
    {
        var status = await StatusAsync().ConfigureAwait(false);
        var events = await _client.GetEventsAsync(Job, 0, _abort.Token).ConfigureAwait(false);
        var before = await _client.GetHistoryAsync(Job, status.CommittedStep, _abort.Token).ConfigureAwait(false);
        return new ReplayBegin(before, ReplaySpan.FirstStep(before, status.CommittedStep), events.Length > 0 ? events[^1].Sequence : 0, _progress.Elapsed);
    }

    private async Task ActAsync(ReplayBegin begin)
    {
        _progress.Stage("replaying");
        _progress.Submitted(begin.FirstStep);
        var job = new JobFollower(_client, Job, _progress, _abort, new WatchOptions { FromStep = begin.FirstStep, AfterEvent = begin.LastEvent });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_abort.Token);
        if (_plan is not null) await _plan.FollowAsync(TimeSpan.Zero, stop.Token).ConfigureAwait(false);
        var run = _driver.RunAsync(stop.Token);
        var following = _plan is null ? Task.CompletedTask : _abort.GuardAsync(Quietly(_plan.KeepAsync(() => _driver.Position * _setting.Source.Interval, stop.Token)));
        try
        {
            await UntilOverAsync(run, job, stop).ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the end of the trace, or of the job.</summary>
    private async Task UntilOverAsync(Task run, JobFollower job, CancellationTokenSource stop)
    {
        if (await Task.WhenAny(run, job.Ended).ConfigureAwait(false) == run)
        {
            await run.ConfigureAwait(false);
            return;
        }

        _ = await job.Ended.ConfigureAwait(false);
        _progress.Event(DemoEventKind.Info, "the job is done before the trace is");
        await stop.CancelAsync().ConfigureAwait(false);
        await run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<string[]> PutBackAsync()
    {
        _progress.Stage("putting the fleet back");
        if (_plan is not null) await _plan.EndAsync().ConfigureAwait(false);
        string[] notBack = await _cloud.PutBackAsync().ConfigureAwait(false);
        foreach (string id in notBack) _progress.Event(DemoEventKind.Trouble, $"{id} did not come back; its own log says more");
        return notBack;
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await _store.ReleaseAsync(_setting.Options.Fleet, _setting.Id).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            _progress.Event(DemoEventKind.Trouble, $"the fleet is kept from other replays for another {ReplayStore.LeaseTime.TotalSeconds:0} s: {e.Message}");
        }
    }

    private ReplayOutcome Outcome(ReplayBegin begin, JobHistory after, double wall, string? stopped, string[] notBack)
    {
        var counts = _setting.Replay.Counts;
        int intervals = Math.Clamp((int)Math.Ceiling(_driver.Position), 1, counts.Count);
        var snapshot = _progress.Snapshot();
        var history = ReplaySpan.Between(begin.History, after, begin.FirstStep);
        var result = DemoResult.Of(
            Job, history, [.. counts.Take(intervals)], new PreemptionCounts(snapshot.Noticed, snapshot.Unannounced), wall, Path.GetFullPath(_setting.Options.Report)) with
        { Replay = ReplayResult.Of(_setting, intervals, stopped, notBack) };
        return new ReplayOutcome(result, history);
    }

    private Task<JobStatus> StatusAsync() => _client.GetStatusAsync(Job, _abort.Token);

    private static bool HasLeft(JobStatus job, string[] extra) =>
        job.Phase == JobPhase.Submitted || (job is { Phase: JobPhase.Training, Plan: { } plan } && extra.All(id => plan.Of(id) is null));

    private static bool HasSettled(JobStatus job, string[] extra) => job.Phase is JobPhase.Paused || HasLeft(job, extra);

    private async Task<bool> UntilAsync(Func<Task<bool>> isSo, TimeSpan patience)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!await isSo().ConfigureAwait(false))
        {
            if (TimeProvider.System.GetElapsedTime(begin) > patience) return false;
            await Task.Delay(Every, _abort.Token).ConfigureAwait(false);
        }

        return true;
    }

    private static async Task Quietly(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    /// <summary>Time until the trace has an instance back, or ends.</summary>
    private TimeSpan UntilBack(string instance)
    {
        double now = _driver.Position;
        double back = _setting.Replay.Events.FirstOrDefault(e => e.Action == ReplayAction.Start && e.Instance == instance && e.At > now)?.At ?? _setting.Replay.Counts.Count;
        return (back - now) * _setting.Source.Interval;
    }

    /// <summary>A failure before there was anything to report on.</summary>
    private static CommandFailedException Explained(Exception failure, string[] notBack) => new(
        $"The replay did not begin: {Words(failure)}{Environment.NewLine}{(notBack.Length == 0 ? "The fleet is whole again." : $"{string.Join(", ", notBack)} did not come back.")}", failure);

    private static string Words(Exception failure) => failure switch
    {
        OperationCanceledException => "interrupted",
        CommandFailedException or ParcaeUnavailableException => failure.Message,
        _ => $"{failure.GetType().Name}: {failure.Message}",
    };
}

/// <summary>A job as a replay begins.</summary>
/// <param name="History">All of it.</param>
/// <param name="FirstStep">The first step of the replay.</param>
/// <param name="LastEvent">The last event before.</param>
/// <param name="Elapsed">Time since the command began.</param>
internal sealed record ReplayBegin(JobHistory History, int FirstStep, long LastEvent, TimeSpan Elapsed);
