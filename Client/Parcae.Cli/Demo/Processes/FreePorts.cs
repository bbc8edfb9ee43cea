using System.Net;
using System.Net.Sockets;

namespace Parcae.Cli.Demo.Processes;

/// <summary>
/// Finds TCP ports on the loopback address for the processes that this one starts, and starts again on the same ports. They lie below the range from which systems
/// choose ports themselves (32768 on Linux), and in a slice that this process holds, by listening on the slice's first port, for as long as it lives: nobody takes a
/// port between its choice and its use by chance, or while the process that had it is down.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 20000;
    private const int Slices = 48;
    private const int Length = 250;

    private static readonly Lock Choice = new();
    private static TcpListener? _held;
    private static int _next;

    /// <summary>A free port. The same one is given out again after all others of the slice, if it is free then.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static int Next()
    {
        lock (Choice)
        {
            _held ??= Hold();
            int first = ((IPEndPoint)_held.LocalEndpoint).Port;
            for (int i = 1; i < Length; i++)
            {
                int port = first + 1 + _next++ % (Length - 1);
                if (IsFree(port)) return port;
            }

            throw new InvalidOperationException($"No TCP port between {first + 1} and {first + Length - 1} on 127.0.0.1 is free.");
        }
    }

    /// <summary>Whether one can listen on <paramref name="port"/>.</summary>
    public static bool IsFree(int port)
    {
        using var listener = Listen(port);
        return listener is not null;
    }

    private static TcpListener Hold()
    {
        for (int slice = 0; slice < Slices; slice++)
        {
            if (Listen(Lowest + slice * Length) is { } listener) return listener;
        }

        throw new InvalidOperationException($"{Slices} processes hold all slices of the TCP ports {Lowest} to {Lowest + Slices * Length - 1} on 127.0.0.1.");
    }

    private static TcpListener? Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
    }
}
