using System.Net;
using System.Net.Sockets;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// Establishes TCP connections with synchronous calls alone. An asynchronous connect would register the socket with the runtime's event loop for good, which
/// from then on wakes its thread and the thread pool for every segment that the socket takes or gives: on a machine with few cores, half of a transfer's speed.
/// </summary>
internal static class Dialer
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    /// <summary>Connects to the first of the host's IPv4 addresses that answers; the socket is in non-blocking mode.</summary>
    /// <param name="host">Name or address.</param>
    /// <param name="port">Port.</param>
    /// <param name="deadline">When to give up.</param>
    /// <param name="cancellation">Gives up earlier.</param>
    /// <exception cref="SocketException">No address answers; why the last one did not.</exception>
    /// <exception cref="TimeoutException">The deadline passed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static Socket Connect(string host, int port, Deadline deadline, CancellationToken cancellation)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : Dns.GetHostAddresses(host, AddressFamily.InterNetwork);
        var refusal = SocketError.HostNotFound;
        foreach (var address in addresses)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            try
            {
                refusal = Connect(socket, new IPEndPoint(address, port), deadline, cancellation);
                if (refusal == SocketError.Success) return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            socket.Dispose();
        }

        throw new SocketException((int)refusal);
    }

    private static SocketError Connect(Socket socket, IPEndPoint address, Deadline deadline, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            socket.Connect(address);
            return SocketError.Success;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            // Under way.
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }

        while (!socket.Poll(Slice, SelectMode.SelectWrite))
        {
            cancellation.ThrowIfCancellationRequested();
            if (deadline.HasPassed) throw new TimeoutException($"{address} did not answer in time.");
        }

        return (SocketError)(int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
    }
}
