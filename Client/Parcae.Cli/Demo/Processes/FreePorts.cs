using System.Net;
using System.Net.Sockets;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Demo.Processes;

/// <summary>
/// Finds TCP ports on the loopback address that nobody listens on. They lie below the range that systems give to outgoing connections (32768 on Linux), so that
/// a port is not taken by chance between its choice and the child's use of it, and none is given out twice.
/// </summary>
internal sealed class FreePorts
{
    private const int Lowest = 20000;
    private const int Highest = 32000;
    private const int Attempts = 500;

    private readonly HashSet<int> _given = [];
    private readonly Lock _lock = new();

    /// <summary>A free port that was not given out before.</summary>
    public int Next()
    {
        lock (_lock)
        {
            for (int i = 0; i < Attempts; i++)
            {
                int port = Random.Shared.Next(Lowest, Highest);
                if (_given.Add(port) && IsFree(port)) return port;
            }
        }

        throw new CommandFailedException($"No free TCP port was found between {Lowest} and {Highest} on 127.0.0.1 in {Attempts} attempts.");
    }

    /// <summary>Whether one can listen on <paramref name="port"/>.</summary>
    public static bool IsFree(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
