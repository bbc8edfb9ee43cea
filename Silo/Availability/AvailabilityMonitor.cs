using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability.Detection;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Health;

namespace Parcae.Silo.Availability;

/// <summary>Runs the sources of a worker silo and passes what they say on to the fleet. No failure of a source ends it or the host.</summary>
internal sealed partial class AvailabilityMonitor(
    SourceDetection detection, NoticeDelivery delivery, UntilFree free, HealthState health, IOptions<AvailabilityOptions> options, TimeProvider time, ILogger<AvailabilityMonitor> logger)
    : BackgroundService
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // The start of the host waits for nobody's answer.
            await Task.Yield();
            var sources = await detection.FindAsync(stoppingToken);
            await Task.WhenAll(sources.Select(s => FollowAsync(s, stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            LogNoSources(e);
        }
    }

    /// <summary>Follows a source; one that fails is begun again.</summary>
    private async Task FollowAsync(IAvailabilitySource source, CancellationToken stopping)
    {
        var passing = new List<Task>();
        while (true)
        {
            try
            {
                // Each by itself: one that waits for an absent control plane must not keep the next one from being heard.
                await foreach (var notice in source.WatchAsync(stopping)) passing.Add(PassAsync(source, notice, stopping));
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                await Task.WhenAll(passing);
                return;
            }
            catch (Exception e)
            {
                LogFailed(e, source.Name);
            }

            passing.RemoveAll(p => p.IsCompleted);
            await Task.Delay(RestartPause, time, stopping);
        }
    }

    private async Task PassAsync(IAvailabilitySource source, AvailabilityNotice notice, CancellationToken stopping)
    {
        if (notice.Advisory && !options.Value.Advisory)
        {
            LogAdvice(source.Name, notice.Kind, notice.Reason);
            return;
        }

        health.SetLeaving(notice.Reason);
        LogNotice(source.Name, notice.Kind, notice.Remaining.TotalSeconds, notice.Reason);
        try
        {
            await delivery.DeliverAsync(notice.Remaining, notice.Reason, stopping);
            if (notice.WhenFree is not { } tell) return;
            await free.WaitAsync(stopping);
            await tell(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The stop of the silo is a notice of its own.
        }
        catch (Exception e)
        {
            LogNotTold(e, source.Name, notice.Reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The availability sources could not be set up: this instance hears of no preemption until it is gone.")]
    private partial void LogNoSources(Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "Availability source {Source} failed and is begun again.")]
    private partial void LogFailed(Exception e, string source);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notice from {Source} ({Kind}), {Seconds:0.#} s left: {Reason}.")]
    private partial void LogNotice(string source, NoticeKind kind, double seconds, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Advice from {Source} ({Kind}), not passed on: {Reason}. --advisory-notices true has such advice treated as a notice.")]
    private partial void LogAdvice(string source, NoticeKind kind, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source {Source} could not be told that it need not wait any longer ({Reason}).")]
    private partial void LogNotTold(Exception e, string source, string reason);
}
