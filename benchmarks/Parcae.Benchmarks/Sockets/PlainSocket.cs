using System.Net;
using System.Net.Sockets;

namespace Parcae.Benchmarks.Sockets;

/// <summary>The peer to compare with: a blocking TCP socket between the two processes, that copies memory to memory and does nothing else. It also keeps the two sides in step.</summary>
internal sealed class PlainSocket : IDisposable
{
    /// <summary>Bytes of one call; of 256 KiB to all at once, what copied fastest on the machines that were tried.</summary>
    private const int PieceBytes = 1 << 20;

    private readonly Socket _socket;

    private PlainSocket(Socket socket)
    {
        _socket = socket;
        socket.NoDelay = true;
    }

    public static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public static PlainSocket Accept(Socket listener) => new(listener.Accept());

    public static PlainSocket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(IPAddress.Loopback, port);
        return new(socket);
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length > 0; bytes = bytes[Math.Min(PieceBytes, bytes.Length)..]) _socket.Send(bytes[..Math.Min(PieceBytes, bytes.Length)]);
    }

    public void Receive(Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int read = _socket.Receive(bytes[..Math.Min(PieceBytes, bytes.Length)]);
            if (read == 0) throw new EndOfStreamException("The other side closed the plain socket.");
            bytes = bytes[read..];
        }
    }

    /// <summary>Returns when both sides have called it.</summary>
    public void Meet()
    {
        Send([1]);
        Receive(stackalloc byte[1]);
    }

    /// <summary>Sends and receives at once, on two threads.</summary>
    public void Exchange(ReadOnlyMemory<byte> own, Memory<byte> other)
    {
        var sending = new Thread(() => Send(own.Span));
        sending.Start();
        Receive(other.Span);
        sending.Join();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
