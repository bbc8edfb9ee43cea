using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Service;
using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Reports a run to its job, off the training path: committed steps a few times a second (by the replica that leads), a sign of life once a second
/// (by every replica; it also re-activates the job's grain after the loss of a silo), and a lost peer at once, repeated until somebody halts the run. So is a thread of its own that hangs: where a stage is a whole pipeline, no peer waits for it.
/// A deputy reports steps too while the job records none: the network may part the one that leads from the job, and from nobody else.
/// </summary>
internal sealed partial class ReportLoop(string jobId, string instanceId, IJobReporter reporter, StepLog log, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan StepsEvery = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan SignOfLifeEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeputyPatience = TimeSpan.FromSeconds(4);
    private readonly Lock _lock = new();
    private CancellationTokenSource? _stop;
    private GenerationRun? _run;
    private Task _loop = Task.CompletedTask;

    /// <summary>Begins to report a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="leads">Whether this replica reports the steps.</param>
    /// <param name="isDeputy">Whether it does when that one does not.</param>
    public void Follow(GenerationRun run, bool leads, bool isDeputy = false)
    {
        lock (_lock)
        {
            _stop?.Cancel();
            _stop = new CancellationTokenSource();
            _run = run;
            var (previous, token) = (_loop, _stop.Token);
            // The reports of a generation are no part of the reconfiguration that began it.
            using var apart = ExecutionContext.SuppressFlow();
            _loop = Task.Run(async () =>
            {
                await previous;
                await ReportAsync(run, leads, isDeputy, token);
            });
        }
    }

    /// <summary>Stops reporting the run, if it is the one that is followed.</summary>
    public void Unfollow(GenerationRun run)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_run, run)) _stop?.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task loop;
        lock (_lock)
        {
            _stop?.Cancel();
            loop = _loop;
        }
        await loop;
        _stop?.Dispose();
    }

    private async Task ReportAsync(GenerationRun run, bool leads, bool isDeputy, CancellationToken stop)
    {
        int from = run.StartStep;
        long recordedAt = Stopwatch.GetTimestamp();
        var every = leads ? StepsEvery : SignOfLifeEvery;
        try
        {
            while (true)
            {
                bool over = run.HasEnded;
                if (over) foreach (var (peer, refused, message) in run.Broken) await ReportBrokenAsync(run, peer, refused, message);
                else if (run.Stall is { } stall) await ReportBrokenAsync(run, instanceId, false, stall);
                bool unheard = isDeputy && Stopwatch.GetElapsedTime(recordedAt) > DeputyPatience;
                int recorded = await ReportStepsAsync(run, leads || unheard, from);
                // Once for each time of patience: where it is the store that is away, telling more often helps nobody.
                if (recorded != from || unheard) recordedAt = Stopwatch.GetTimestamp();
                from = recorded;
                var pause = Task.Delay(over ? SignOfLifeEvery : every, stop);
                await (over ? pause : await Task.WhenAny(pause, run.Ended));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Halted or replaced: what the job still misses, it gets from the halt report.
        }
    }

    private async Task<int> ReportStepsAsync(GenerationRun run, bool tells, int from)
    {
        try
        {
            var ack = await reporter.ReportStepsAsync(jobId, new StepReport(instanceId, run.Generation, tells ? log.From(from) : [], run.Timing));
            // The job has gone on without this replica (it was thought dead, say): nothing that it does counts any more.
            if (ack.Generation > run.Generation) run.Stop(HaltMode.Now);
            return ack.CommittedStep;
        }
        catch (Exception e)
        {
            // Whatever kept the report away, the next one says it again.
            LogReportFailed(e, jobId);
            return from;
        }
    }

    private async Task ReportBrokenAsync(GenerationRun run, string peer, bool refused, string message)
    {
        try
        {
            await reporter.ReportBrokenAsync(jobId, new BrokenReport(instanceId, run.Generation, peer, refused, message));
        }
        catch (Exception e)
        {
            LogReportFailed(e, jobId);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: a report did not reach the job; it is sent again.")]
    private partial void LogReportFailed(Exception e, string jobId);
}
