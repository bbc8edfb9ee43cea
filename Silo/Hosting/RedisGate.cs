using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Parcae.Grains;

namespace Parcae.Silo.Hosting;

/// <summary>Asks Redis before anything else starts: what it refuses now it refuses for as long as this process lives.</summary>
internal sealed partial class RedisGate(RedisConnection connection, ILogger<RedisGate> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (await connection.CheckAsync(cancellationToken) is { } doubt) LogDoubt(doubt);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "{Doubt}")]
    private partial void LogDoubt(string doubt);
}
