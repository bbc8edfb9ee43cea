using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Parcae.Grains.Hosting;

/// <summary>
/// Wakes the jobs that have not ended when a silo starts: each of them has a reminder until it ends. After everything was killed nobody else would before the reminders come round, a minute later. A job that is awake does not
/// notice.
/// </summary>
internal sealed partial class JobWaking(IGrainFactory grains, IServiceProvider services, TimeProvider time, ILogger<JobWaking> logger) : BackgroundService
{
    private const int Tries = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Grains that are woken by the silo's own start wait for it; so many at once.
    private const int AtOnce = 16;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (services.GetService<IReminderTable>() is not { } table) return;
        HashSet<GrainId>? asleep = null;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            try
            {
                // From 0 around to 0: all of them.
                asleep ??= [.. (await table.ReadRows(0, 0, stoppingToken)).Reminders.Where(r => r.ReminderName == ParcaeNames.JobReminder).Select(r => r.GrainId)];
                await Parallel.ForEachAsync(asleep.ToArray(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken }, async (id, _) =>
                {
                    await grains.GetGrain<IJobGrain>(id).Status();
                    lock (asleep) asleep.Remove(id);
                    LogAwake(id.Key.ToString()!);
                });
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The store is away, or a silo has just been lost. Their reminders bring the jobs back if this does not.
                LogFailed(e, attempt + 1, Tries);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "Job {JobId} is awake")]
    private partial void LogAwake(string jobId);

    [LoggerMessage(LogLevel.Warning, "Not all jobs could be woken, attempt {Attempt} of {Attempts}")]
    private partial void LogFailed(Exception exception, int attempt, int attempts);
}
