using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Hosting;

/// <summary>
/// Ends a process that does not come to its end in time after it was told to stop: what cannot be stopped in order (a thread that hangs in a device, a store that does not answer) must not keep the machine until the orchestrator
/// loses its patience. Its peers take it for lost, as they would then.
/// </summary>
internal static partial class StopLimit
{
    /// <summary>Watches from the moment the host is told to stop.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="limit">Time to the end of the process.</param>
    public static void Watch(IServiceProvider services, TimeSpan limit)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(StopLimit).FullName!);
        // A thread of its own: the thread pool may be what hangs.
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => new Thread(() =>
        {
            Thread.Sleep(limit);
            LogOver(logger, limit.TotalSeconds);
            // The console's logger writes in the background.
            Thread.Sleep(TimeSpan.FromMilliseconds(100));
            Process.GetCurrentProcess().Kill();
        })
        { IsBackground = true, Name = "stop-limit" }.Start());
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "This process has not come to its end within {Seconds:0.#} s of being told to stop; it is killed.")]
    private static partial void LogOver(ILogger logger, double seconds);
}
