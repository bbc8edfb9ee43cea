using System.Net;
using Garnet;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Store;

/// <summary>
/// A Redis-compatible store in a process of its own (Microsoft Garnet), for demos and single machines: Orleans clustering, grain storage and reminders,
/// with an append-only file so that the data outlives a kill.
/// </summary>
internal static class EmbeddedStore
{
    private const int Threads = 128;

    public static async Task<int> RunAsync(SiloSettings settings)
    {
        Directory.CreateDirectory(settings.Data);
        ListeningPorts.Require("--port", settings.Port, IPAddress.Loopback);
        // A connection whose command waits for the disk keeps a thread of the pool; those that the disk's answers need must not have to be made first, one a second.
        ThreadPool.SetMinThreads(Threads, Threads);
        using var server = new GarnetServer(Arguments(settings));
        server.Start();
        await Console.Out.WriteLineAsync("READY store");
        await Shutdown.Requested();
        return 0;
    }

    /// <summary>
    /// Garnet's options. Orleans' providers run Lua scripts in transactions; the device type is the one that needs no libaio. A command is answered when the append-only file has it (0.3 ms instead of 0.1 ms on an idle machine): what a grain
    /// believes to be stored survives a kill. The file is cut where a checkpoint has been made, which is when it has grown beyond its limit; it is cut by whole segments, and these can be no smaller than its pages.
    /// </summary>
    private static string[] Arguments(SiloSettings settings) =>
    [
        "--port", $"{settings.Port}", "--bind", "127.0.0.1", "--memory", "64m", "--index", "8m", "-q", "true",
        "--checkpointdir", settings.Data, "--recover", "true", "--device-type", "RandomAccess", "--lua", "true", "--lua-transaction-mode", "true",
        "--aof", "true", "--aof-memory", "64m", "--aof-commit-freq", "0", "--aof-commit-wait", "true",
        "--aof-size-limit", "64m", "--aof-segment-size", "32m", "--aof-size-limit-enforce-frequency", "5",
    ];
}
