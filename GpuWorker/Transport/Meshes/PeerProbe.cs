using System.Net.Sockets;
using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>Tells a dead process from a broken connection by one fresh connection to its port.</summary>
internal static class PeerProbe
{
    /// <summary>Whether nobody listens at the endpoint any more.</summary>
    public static bool IsGone(PeerEndpoint endpoint, TimeSpan timeout)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var patience = new CancellationTokenSource(timeout);
        try
        {
            socket.ConnectAsync(endpoint.Host, endpoint.Port, patience.Token).AsTask().GetAwaiter().GetResult();
            // A dying process may close its listener after its connections: then this one is reset from the backlog. A living one waits for the hello.
            return socket.Poll(timeout, SelectMode.SelectRead);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
