using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Replay.Acting;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary>One demo: the service, the workers, the job, the replay, the undisturbed run.</summary>
internal sealed class DemoSession(DemoSetting setting, ProcessSupervisor processes, DemoProgress progress, DemoAbort abort)
{
    /// <summary>Under the demo's memory limit no plan needs fewer.</summary>
    private const int LeastInstances = 2;

    private static readonly TimeSpan TrainTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan FinishTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StateEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ForgetTimeout = TimeSpan.FromSeconds(30);


    /// <summary>Runs all of it. Processes still live afterwards: whoever owns them ends them.</summary>
    public async Task<DemoOutcome> RunAsync()
    {
        var options = setting.Options;
        var services = new DemoServices(
            processes, setting.Commands, setting.Folder, options.RedisPort ?? FreePorts.Next(), options.Interval, progress, abort,
            setting.Named);
        await services.StartAsync().ConfigureAwait(false);

        progress.Stage("connecting to the service");
        var client = await ParcaeClient.ConnectAsync(
            new ParcaeClientOptions { Redis = services.Redis, RetryFor = TimeSpan.FromMinutes(2) }, abort.Token).ConfigureAwait(false);
        await using var _ = client.ConfigureAwait(false);
        var fleet = new DemoFleet(
            processes, setting.Commands, setting.Folder, services.Redis, setting.Named + Joins(setting.Replay), client, progress, abort);

        var spec = DemoJob.Create(options, setting.Folder.Tokens);
        var (result, history) = await TrainAsync(client, fleet, spec).ConfigureAwait(false);
        Verification? verification = null;
        if (options.Verify)
        {
            verification = await VerifyAsync(client, fleet, spec, history.Steps).ConfigureAwait(false);
            result = result with { Reference = verification.ToReference() };
        }

        return new DemoOutcome(result, history, verification, spec.Planning.MemoryBytes, setting.State.State.SubmittedAt!.Value);
    }

    private static int Joins(TraceReplay replay) => replay.Initial.Count + replay.Events.Count(e => e.Action == ReplayAction.Start);

    private async Task<(DemoResult Result, JobHistory History)> TrainAsync(ParcaeClient client, DemoFleet fleet, JobSpec spec)
    {
        var (options, replay) = (setting.Options, setting.Replay);
        progress.Position = () => setting.First;
        progress.Stage($"starting {replay.Initial.Count} workers");
        await fleet.StartAllAsync(replay.Initial, abort.Token).ConfigureAwait(false);

        string jobId = await SubmitAsync(client, spec).ConfigureAwait(false);
        var (begun, wallBefore) = (progress.Elapsed, setting.State.State.WallSeconds);
        double Wall() => wallBefore + (progress.Elapsed - begun).TotalSeconds;
        var job = new JobFollower(client, jobId, progress, abort);
        if (replay.Counts[0] >= LeastInstances) await WithinAsync(job.Trained, TrainTimeout, "did not begin to train").ConfigureAwait(false);

        progress.Stage("training");
        var driver = new ReplayDriver(replay, options.Interval, fleet, TimeProvider.System);
        progress.Position = () => setting.First + driver.Position;
        ChaosResult? chaosResult;
        using (var replaying = CancellationTokenSource.CreateLinkedTokenSource(abort.Token))
        {
            var run = driver.RunAsync(replaying.Token);
            var chaos = new DemoChaos(setting, fleet, progress);
            var keeping = abort.GuardAsync(IgnoreCancellation(KeepStateAsync(driver, Wall, replaying.Token)));
            var faults = abort.GuardAsync(IgnoreCancellation(chaos.RunAsync(client, jobId, replaying.Token)));
            if (await Task.WhenAny(run, job.Ended).ConfigureAwait(false) == run)
            {
                await run.ConfigureAwait(false);
                // With --steps the last interval goes on until they are done, unless nothing can train in it.
                if (options.Steps is null || replay.Counts[^1] < LeastInstances)
                {
                    // Every fault has its turn, unless nothing trains that it could strike.
                    if (replay.Counts[^1] >= LeastInstances) _ = await Task.WhenAny(faults, job.Ended).ConfigureAwait(false);
                    progress.Stage("finishing the job");
                    await client.FinishAsync(jobId, abort.Token).ConfigureAwait(false);
                    _ = await WithinAsync(job.Ended, FinishTimeout, "did not come to its end").ConfigureAwait(false);
                }
            }

            _ = await job.Ended.ConfigureAwait(false);
            await replaying.CancelAsync().ConfigureAwait(false);
            await abort.GuardAsync(IgnoreCancellation(run)).ConfigureAwait(false);
            await faults.ConfigureAwait(false);
            await keeping.ConfigureAwait(false);
            chaosResult = chaos.Result;
        }

        double wall = Wall();
        var history = await client.GetHistoryAsync(jobId, 0, abort.Token).ConfigureAwait(false);
        var snapshot = progress.Snapshot();
        int replayed = Math.Clamp(setting.First + (int)Math.Ceiling(driver.Position), 1, setting.Counts.Count);
        var result = DemoResult.Of(
            jobId, history, [.. setting.Counts.Take(replayed)], new PreemptionCounts(snapshot.Noticed, snapshot.Unannounced), wall,
            Path.GetFullPath(options.Report)) with
        { Chaos = chaosResult };
        return (result, history);
    }

    /// <summary>Submits the job, or finds the one that was submitted before the demo was stopped.</summary>
    private async Task<string> SubmitAsync(ParcaeClient client, JobSpec spec)
    {
        var before = setting.State.State;
        progress.Stage(before.SubmittedAt is null ? "submitting the job" : $"going on with {before.JobId}, at interval {setting.First} of the trace");
        if (before.SubmittedAt is null)
        {
            // Its id is known before it is there: a demo that is killed in between submits it again, which is the same job.
            setting.State.Change(s => s);
            _ = await client.SubmitAsync(spec, before.JobId, abort.Token).ConfigureAwait(false);
            setting.State.Change(s => s with { SubmittedAt = DateTimeOffset.UtcNow });
        }

        progress.Submitted(ago: DateTimeOffset.UtcNow - setting.State.State.SubmittedAt!.Value);
        return before.JobId;
    }

    /// <summary>Keeps what a demo that goes on must know, until cancelled.</summary>
    private async Task KeepStateAsync(ReplayDriver driver, Func<double> wall, CancellationToken cancellation)
    {
        void Keep()
        {
            var now = progress.Snapshot();
            setting.State.Change(s => s with
            {
                Intervals = setting.First + (int)driver.Position,
                WallSeconds = wall(),
                Noticed = now.Noticed,
                Unannounced = now.Unannounced,
            });
        }

        try
        {
            while (true)
            {
                await Task.Delay(StateEvery, cancellation).ConfigureAwait(false);
                Keep();
            }
        }
        finally
        {
            Keep();
        }
    }

    private async Task<Verification> VerifyAsync(ParcaeClient client, DemoFleet fleet, JobSpec spec, StepResult[] steps)
    {
        if (steps.Length == 0) throw new CommandFailedException("--verify: the job committed no step, so there is nothing to compare.");
        progress.Stage($"running the same {steps.Length} steps undisturbed on one worker");
        string[] before = fleet.Alive;
        await fleet.ClearAsync().ConfigureAwait(false);
        await ForgottenAsync(client, before).ConfigureAwait(false);
        await fleet.StartAllAsync([fleet.FreshName()], abort.Token).ConfigureAwait(false);
        progress.Verifying(0, steps.Length);
        string jobId = await client.SubmitAsync(DemoJob.Undisturbed(spec, steps.Length), cancellation: abort.Token).ConfigureAwait(false);
        await foreach (var update in client.WatchAsync(jobId, cancellation: abort.Token).ConfigureAwait(false))
        {
            progress.Verifying(update.Status.CommittedStep, steps.Length);
            if (update.Status.Phase is JobPhase.Failed or JobPhase.Cancelled)
                throw new CommandFailedException($"The undisturbed run ended as {update.Status.Phase}: {update.Status.Reason}");
        }

        var undisturbed = await client.GetHistoryAsync(jobId, 0, abort.Token).ConfigureAwait(false);
        var verification = Verification.Compare(steps, undisturbed.Steps);
        progress.Event(verification.Same ? DemoEventKind.Job : DemoEventKind.Trouble, verification.Text);
        return verification;
    }

    /// <summary>Waits until the fleet knows that instances are gone: a fresh job must not be given one of them.</summary>
    private async Task ForgottenAsync(ParcaeClient client, string[] gone)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begin) < ForgetTimeout)
        {
            var fleet = await client.GetFleetAsync(cancellation: abort.Token).ConfigureAwait(false);
            if (!fleet.Instances.Any(i => i.Phase != InstancePhase.Gone && gone.Contains(i.Info.Id))) return;
            await Task.Delay(200, abort.Token).ConfigureAwait(false);
        }

        progress.Event(DemoEventKind.Trouble, $"the fleet still lists workers that are gone since {ForgetTimeout.TotalSeconds:0} s; going on");
    }

    private async Task<T> WithinAsync<T>(Task<T> what, TimeSpan timeout, string complaint)
    {
        try
        {
            return await what.WaitAsync(timeout, abort.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            var status = progress.Snapshot().Status;
            throw new CommandFailedException(
                $"The job {complaint} within {timeout.TotalSeconds:0} s; it is {status?.Phase.ToString().ToLowerInvariant() ?? "unknown"}"
                + $"{(status?.Reason is { Length: > 0 } reason ? $": {reason}" : "")}. Logs: {setting.Folder.Logs}");
        }
    }

    private static async Task IgnoreCancellation(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The job was done before the trace was.
        }
    }
}
