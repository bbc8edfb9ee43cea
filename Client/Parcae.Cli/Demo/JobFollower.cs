using Parcae.Cli.Commands;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Demo;

/// <summary>Follows the demo's job: feeds the progress, and tells when it first trains and when it has ended.</summary>
internal sealed class JobFollower
{
    private readonly TaskCompletionSource<bool> _trained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<JobStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DemoProgress _progress;
    private readonly WatchOptions _from;
    private bool _interrupted;

    /// <summary>Begins to follow.</summary>
    /// <param name="client">The service.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="progress">Is fed.</param>
    /// <param name="abort">Told when the job ends otherwise than completed.</param>
    /// <param name="from">The first step and event; null: all.</param>
    public JobFollower(IParcaeClient client, string jobId, DemoProgress progress, DemoAbort abort, WatchOptions? from = null)
    {
        (_progress, _from) = (progress, from ?? new WatchOptions());
        _ = abort.Token.Register(() => _ended.TrySetCanceled(abort.Token));
        _ = abort.GuardAsync(FollowAsync(client, jobId, abort.Token));
    }

    /// <summary>Completes when the job first trains.</summary>
    public Task<bool> Trained => _trained.Task;

    /// <summary>Completes with its last status; cancelled when the demo is.</summary>
    public Task<JobStatus> Ended => _ended.Task;

    private async Task FollowAsync(IParcaeClient client, string jobId, CancellationToken cancellation)
    {
        var options = _from with { Steps = true, Interrupted = OnInterrupted };
        await foreach (var update in client.WatchAsync(jobId, options, cancellation).ConfigureAwait(false))
        {
            if (_interrupted) _progress.Event(DemoEventKind.Info, "the service answers again");
            _interrupted = false;
            _progress.Update(update.Status, update.Steps);
            foreach (var happened in update.Events) _progress.Event(DemoEventKind.Job, happened.Message);
            if (update.Status.Phase == JobPhase.Training) _ = _trained.TrySetResult(true);
            if (!update.IsFinal) continue;
            if (update.Status.Phase != JobPhase.Completed)
                throw new CommandFailedException($"The job ended as {$"{update.Status.Phase}".ToLowerInvariant()}: {update.Status.Reason ?? "no reason was given"}");
            _ = _trained.TrySetResult(true);
            _ = _ended.TrySetResult(update.Status);
        }
    }

    private void OnInterrupted(Exception reason)
    {
        if (!_interrupted) _progress.Event(DemoEventKind.Trouble, $"the service does not answer ({reason.GetType().Name}); asking on");
        _interrupted = true;
    }
}
