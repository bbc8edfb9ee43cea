using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Grains;

namespace Parcae.Silo.Hosting;

/// <summary>
/// Before a silo with a state vault stops: tells the fleet, so that jobs that go on take another vault, or none, and has the vault write a checkpoint of every job that nobody else keeps and bring it into the bucket, so that nothing is computed again when everybody
/// stops. Where the silo has a worker too, the worker leaves first: its job is at rest then, and the vault has everything.
/// </summary>
internal sealed partial class VaultDeparture(
    IEnumerable<IHostedInstance> instances, IGrainFactory grains, IOptions<ParcaeControlOptions> options, StopClock clock, TimeProvider time, ILogger<VaultDeparture> logger) : IHostedLifecycleService
{
    /// <summary>Longest wait for the fleet: without its answer the jobs find out a little later.</summary>
    private static readonly TimeSpan NoticePatience = TimeSpan.FromSeconds(2);

    /// <summary>Before anything of the host is stopped.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var limit = options.Value.StopTimeout;
        if (limit <= TimeSpan.Zero) return;
        try
        {
            foreach (var vault in instances.Where(i => i.Role == InstanceRole.Vault))
            {
                await TellAsync(vault.InstanceId, cancellationToken);
                foreach (string said in await vault.SecureAsync().WaitAsync(clock.Left(limit), time, cancellationToken)) LogSecured(said);
            }
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogLate(limit.TotalSeconds);
        }

        await UploadAsync(limit, cancellationToken);
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

    private async Task UploadAsync(TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(instances.Select(i => i.SettleUploadsAsync())).WaitAsync(clock.Left(limit), time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            LogNotUploaded(limit.TotalSeconds, string.Join(", ", instances.Select(i => i.MissingUploads).OfType<string>()));
        }
    }

    private async Task TellAsync(string instanceId, CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<IFleetGrain>(options.Value.Fleet).Notice(instanceId, clock.Left(options.Value.StopTimeout), "its process is told to stop").WaitAsync(NoticePatience, time, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            LogNotTold(e, instanceId);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Before the end: {Said}.")]
    private partial void LogSecured(string said);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last checkpoints were not written within {Seconds:0.#} s; the ones before are good.")]
    private partial void LogLate(double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Within {Seconds:0.#} s not all checkpoints were brought into the bucket. They are on the disk alone until this silo starts on it again: {Missing}.")]
    private partial void LogNotUploaded(double seconds, string missing);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The fleet was not told that {InstanceId} leaves; its jobs find out when it has left.")]
    private partial void LogNotTold(Exception e, string instanceId);
}
