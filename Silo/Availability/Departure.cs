using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Silo.Availability.Passing;

namespace Parcae.Silo.Availability;

/// <summary>
/// Makes the stop of a worker silo (SIGTERM, Ctrl-C) a notice: tells the fleet, then keeps the silo up until no job needs it or the time is over. An instance without a job stops at once. A second signal ends the wait.
/// </summary>
internal sealed partial class Departure(
    NoticeDelivery delivery, UntilFree free, IWorkerOccupation worker, IOptions<AvailabilityOptions> options, TimeProvider time, ILogger<Departure> logger) : IHostedLifecycleService
{
    /// <summary>What an orchestrator must grant on top of <see cref="AvailabilityOptions.StopTimeout"/> for the silo itself to leave the cluster.</summary>
    public static readonly TimeSpan SiloStop = TimeSpan.FromSeconds(4);

    /// <summary>Before anything of the host is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var limit = options.Value.StopTimeout;
        if (limit <= TimeSpan.Zero) return;
        long start = time.GetTimestamp();
        using var late = new CancellationTokenSource(limit, time);
        // Not disposed of: a signal may come at the very end.
        var impatient = new CancellationTokenSource();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, impatient.Token, cancellationToken);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Hurry);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hurry);
        void Hurry(PosixSignalContext context)
        {
            context.Cancel = true;
            impatient.Cancel();
        }

        try
        {
            // Without an answer the worker itself knows whether anything could be lost.
            if (await delivery.DeliverAsync(limit, "its process is told to stop", end.Token, giveUp: () => worker.IsIdle))
                await free.WaitAsync(end.Token, giveUp: () => worker.IsIdle);
            var took = time.GetElapsedTime(start);
            LogFree(took.TotalSeconds);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            var took = time.GetElapsedTime(start);
            LogOver(took.TotalSeconds);
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Information, Message = "Nothing needs this instance any more; it stops, {Seconds:0.0} s after it was told to.")]
    private partial void LogFree(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This instance stops after {Seconds:0.0} s though it was still needed: its job goes on as after a loss.")]
    private partial void LogOver(double seconds);
}
