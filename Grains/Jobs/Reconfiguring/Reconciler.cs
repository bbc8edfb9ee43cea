using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Parcae.Grains.Jobs.Reconfiguring;

/// <summary>
/// The job's one loop: whatever happens marks it dirty, and it brings the job to where it should be, one change at a time, until nothing is left to change.
/// </summary>
internal sealed partial class Reconciler(Job job, Action deactivate)
{
    // The generated log methods look for a field.
    private readonly ILogger _logger = job.Logger;
    private Task _loop = Task.CompletedTask;
    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _dirty;
    private bool _recovered, _stopped;
    private int _failures;

    /// <summary>Completes when everything that has been marked so far has been dealt with.</summary>
    public Task Settled => _loop;

    /// <summary>Has the loop look again, now or after what it is doing.</summary>
    public void MarkDirty()
    {
        _dirty = true;
        _wake.TrySetResult();
        if (_loop.IsCompleted && !_stopped) _loop = Run();
    }

    /// <summary>Ends the loop after what it is doing.</summary>
    public void Stop()
    {
        _stopped = true;
        _wake.TrySetResult();
    }

    private async Task Run()
    {
        // Never inside the call that marked it: its caller need not wait for the first part, nor is its trace ours.
        await Task.Yield();
        while (_dirty && !_stopped)
        {
            _dirty = false;
            _wake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            try
            {
                await Reconcile();
                _failures = 0;
            }
            catch (InconsistentStateException e)
            {
                // Another activation of this job has written: this one knows less than it.
                LogOvertaken(e, job.Id);
                deactivate();
                return;
            }
            catch (AttemptFailedException e)
            {
                job.State.Halted = true;
                job.Tell($"starting again: {e.Message}");
                _dirty = true;
                if (!e.Learned) await Wait();
            }
            catch (Exception e)
            {
                LogFailed(e, job.Id);
                job.Tell($"starting again: {e.Failure()}");
                job.State.Halted |= job.State.Plan is not null;
                _dirty = true;
                await Wait();
            }
        }
    }

    /// <summary>Waits longer after each failure, but never past the next thing that happens.</summary>
    private async Task Wait()
    {
        var limit = TimeSpan.FromMilliseconds(50 << Math.Min(_failures++, 12));
        await _wake.Task.CompletesWithin(limit < job.Options.RetryLimit ? limit : job.Options.RetryLimit, job.Time);
    }

    private async Task Reconcile()
    {
        if (job.State.Spec is null || job.State.Ended) return;
        if (!_recovered) await Recover();
        foreach (var (id, suspect) in job.Suspects.Where(s => s.Value.Refused).ToArray()) await job.Lose(id, suspect.Incarnation, suspect.Message);

        switch (job.State.Intent)
        {
            case JobIntent.Cancel:
                await Ending.Cancel(job);
                return;
            case JobIntent.Finish or JobIntent.Run when job.AllStepsDone || job.State.Intent == JobIntent.Finish:
                if (await Ending.Complete(job)) return;
                break;
            case JobIntent.Pause:
                if (job.State.Phase != JobPhase.Paused || !job.State.WasPaused) await Ending.Pause(job);
                await Surplus.GiveBack(job, await job.CallRoll());
                return;
        }

        var roster = await job.CallRoll();
        if (job.State.Outline is null && !await Describing.Ensure(job, roster)) return;
        var causes = job.Causes.Pending.ToArray();
        var planned = Situation.Plan(job, roster);
        var missing = Situation.Missing(job, roster);
        bool standing = job.State.Plan is null || job.State.Halted;
        if (Situation.Why(job, roster, planned) is not { } otherwise)
        {
            await Surplus.GiveBack(job, roster);
            job.Causes.Settle(causes);
            job.Spares = [.. roster.Usable.Select(r => r.Info.Id).Where(id => !job.IsMember(id))];
            if (job.State.Phase != JobPhase.Training) job.Enter(JobPhase.Training, null);
            return;
        }

        if (standing && job.State.Phase == JobPhase.Paused && planned.Decision.Strategy.IsPause)
        {
            // At rest already; who has come or gone may change the reason.
            job.Spares = [.. roster.Usable.Select(r => r.Info.Id)];
            await Surplus.GiveBack(job, roster);
            job.Causes.Settle(causes);
            job.Enter(JobPhase.Paused, Reconfiguration.Lack(job, roster));
            return;
        }

        if (!await new Reconfiguration(job, roster, planned, causes, otherwise).Run(standing || missing.Length > 0 ? HaltMode.Now : HaltMode.AtBoundary, _wake.Task))
        {
            _dirty = true;
            return;
        }

        if (roster.Usable.Length > roster.Share) _dirty = true;
        // Paused, they wait for an event: everything that can be done has been.
        if (job.State.Phase != JobPhase.Paused && (job.AllStepsDone || job.State.Intent == JobIntent.Finish)) _dirty = true;
    }

    /// <summary>After an activation: carries on if every member still runs the committed generation, else has it reconfigured.</summary>
    private async Task Recover()
    {
        if (job.State.Plan is { } plan && !job.State.Halted)
        {
            var calls = plan.Places.ToDictionary(p => p.Peer.InstanceId, p => job.Ask(p.Peer.InstanceId, i => i.WorkerStatus(job.Id)));
            await Task.WhenAll(calls.Values).CompletesWithin(job.Options.HaltTimeout, job.Time);
            var odd = new List<string>();
            foreach (var (id, call) in calls)
            {
                if (!call.IsCompletedSuccessfully)
                {
                    odd.Add($"{id} does not answer ({call.Failure()})");
                    job.Suspects.TryAdd(id, new Suspect(false, call.Failure(), plan.Of(id)!.Peer.Incarnation));
                }
                else if (await call is var status && (status.Phase != WorkerPhase.Running || status.Generation != plan.Generation))
                {
                    odd.Add($"{id} is {status.Phase} in generation {status.Generation}");
                }
            }

            if (odd.Count == 0)
            {
                job.Frozen = false;
                job.Tell($"carrying on with generation {plan.Generation} at step {job.Book.Committed}");
            }
            else
            {
                job.State.Halted = true;
                job.Causes.Add(new Cause($"after the loss of the job's silo {string.Join(", ", odd)}", null, null, job.Now, Important: true));
            }
        }

        _recovered = true;
    }

    [LoggerMessage(LogLevel.Warning, "Job {JobId} has been taken over by another activation; this one ends")]
    private partial void LogOvertaken(Exception exception, string jobId);

    [LoggerMessage(LogLevel.Error, "Job {JobId} could not be brought to where it should be; it will be tried again")]
    private partial void LogFailed(Exception exception, string jobId);
}
