using System.Net;
using System.Net.Sockets;
using Garnet;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Store;

/// <summary>
/// A Redis-compatible store in a process of its own (Microsoft Garnet), for demos and single machines: Orleans clustering, grain storage and reminders,
/// with an append-only file so that the data outlives a kill.
/// </summary>
internal static class EmbeddedStore
{
    public static async Task<int> RunAsync(SiloSettings settings)
    {
        Directory.CreateDirectory(settings.Data);
        if (!IsFree(settings.Port))
        {
            await Console.Error.WriteLineAsync($"Port {settings.Port} on 127.0.0.1 is in use; give the store a free one with --port.");
            return 1;
        }
        // Orleans' providers run Lua scripts in transactions; the device type is the one that needs no libaio.
        using var server = new GarnetServer(
        [
            "--port", $"{settings.Port}", "--bind", "127.0.0.1", "--memory", "64m", "--index", "8m", "-q", "true",
            "--checkpointdir", settings.Data, "--aof", "true", "--aof-memory", "64m", "--recover", "true",
            "--device-type", "RandomAccess", "--lua", "true", "--lua-transaction-mode", "true",
        ]);
        server.Start();
        await Console.Out.WriteLineAsync("READY store");
        await Shutdown.Requested();
        return 0;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
