using System.Diagnostics;
using System.Net.Sockets;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// A connected socket in non-blocking mode, used by at most one reading and one writing thread. Only synchronous calls are made on it:
/// an asynchronous one would register it with the runtime's event loop, which from then on wakes up for every segment. What was written in part is gone on with by the next write.
/// </summary>
internal sealed class Wire : IDisposable
{
    private static readonly bool ScattersHere = OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    // A slow write: so much in a millisecond.
    private const int SlowBytes = 4096;

    private readonly Socket _socket;
    private TlsChannel? _tls;
    private long _slowUntil;
    private volatile bool _corrupt;

    public Wire(Socket socket, DataPlaneOptions options)
    {
        _socket = socket;
        socket.NoDelay = true;
        if (options.SocketBufferBytes > 0) socket.SendBufferSize = socket.ReceiveBufferSize = options.SocketBufferBytes;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.KeepAlive.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 5);
        socket.Blocking = false;
        Remote = socket.RemoteEndPoint?.ToString() ?? "unknown";
    }

    public string Remote { get; }

    /// <summary>How long a read without a deadline waits for the next bytes; the default value is for ever.</summary>
    public TimeSpan Silence { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Encrypts everything from here on, and learns that the peer has a certificate of the same authority.</summary>
    /// <param name="tls">This side's certificate.</param>
    /// <param name="host">For the side that dialled: the peer's name or address; null: the other side.</param>
    /// <param name="deadline">When to give up.</param>
    /// <exception cref="IOException">The peer has no such certificate, or speaks no TLS.</exception>
    public void Encrypt(MutualTls tls, string? host, Deadline deadline)
    {
        var channel = new TlsChannel(_socket, (mode, by) => Wait(mode, mode == SelectMode.SelectRead ? Patience(by) : by));
        _tls = channel;
        channel.Authenticate(tls, host, deadline);
    }

    /// <summary>Fills <paramref name="buffer"/>; false when the peer closed before its first byte.</summary>
    /// <exception cref="EndOfStreamException">The peer closed in the middle.</exception>
    /// <exception cref="TimeoutException">The deadline passed, or nothing came for <see cref="Silence"/>.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public bool Read(Span<byte> buffer, Deadline deadline = default)
    {
        int at = 0;
        while (at < buffer.Length)
        {
            var error = SocketError.Success;
            int read = _tls is null ? _socket.Receive(buffer[at..], SocketFlags.None, out error) : _tls.Receive(buffer[at..], deadline);
            if (error == SocketError.WouldBlock) Wait(SelectMode.SelectRead, Patience(deadline));
            else if (error != SocketError.Success) throw new SocketException((int)error);
            else if (read > 0) at += read;
            else if (at == 0) return false;
            else throw new EndOfStreamException($"The peer closed after {at} of {buffer.Length} bytes.");
        }

        return true;
    }

    /// <summary>Writes as much as fits into the socket's buffer now; returns the number of bytes.</summary>
    public int TryWrite(ReadOnlySpan<byte> bytes)
    {
        if (_corrupt && !bytes.IsEmpty && _tls is not { IsPending: true }) return WriteCorrupted(bytes);
        if (IsSlow)
        {
            Thread.Sleep(1);
            if (_tls is not null) return _tls.TrySend(bytes, default, SlowBytes);
            bytes = bytes[..Math.Min(bytes.Length, SlowBytes)];
        }

        return Send(bytes);
    }

    /// <summary>Writes as much of two pieces, one after the other, as fits into the socket's buffer now; returns the number of bytes.</summary>
    public int TryWrite(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (first.IsEmpty || second.IsEmpty) return TryWrite(first.IsEmpty ? second : first);
        if (!_corrupt && !IsSlow)
        {
            if (_tls is not null) return _tls.TrySend(first, second);
            int sent = ScattersHere ? ScatteredSend.Try(_socket.SafeHandle, first, second) : -1;
            if (sent >= 0) return sent;
        }

        int written = TryWrite(first);
        return written == first.Length ? written + TryWrite(second) : written;
    }

    /// <summary>Writes all of two pieces, one after the other.</summary>
    public void Write(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        while (first.Length > 0)
        {
            int written = TryWrite(first, second);
            if (written == 0) WaitWritable(default);
            if (written > first.Length) second = second[(written - first.Length)..];
            first = first[Math.Min(written, first.Length)..];
        }

        Write(second);
    }

    /// <summary>Writes all of <paramref name="bytes"/>.</summary>
    public void Write(ReadOnlySpan<byte> bytes, Deadline deadline = default)
    {
        while (bytes.Length > 0)
        {
            int written = TryWrite(bytes);
            if (written == 0) WaitWritable(deadline);
            bytes = bytes[written..];
        }
    }

    /// <summary>Blocks until there is room to write.</summary>
    public void WaitWritable(Deadline deadline) => Wait(SelectMode.SelectWrite, deadline);

    /// <summary>Waits until <paramref name="count"/> bytes can be read without blocking, but no longer than this; false as well when only a part of them came, or the end.</summary>
    public bool HasArrived(int count, TimeSpan patience) =>
        _tls is null ? _socket.Poll(patience, SelectMode.SelectRead) && _socket.Available >= count : _tls.HasArrived(count, patience);

    /// <summary>Whether the peer has closed or broken the connection, as far as is known now. Not to be used while bytes may be waiting to be read.</summary>
    public bool IsClosed()
    {
        if (_tls is { HasBytes: true } || !_socket.Poll(0, SelectMode.SelectRead)) return false;
        Span<byte> one = stackalloc byte[1];
        int read = _socket.Receive(one, SocketFlags.Peek, out var error);
        return error != SocketError.WouldBlock && (error != SocketError.Success || read == 0);
    }

    /// <summary>Ends one direction or both; a thread that is blocked in it wakes. Does nothing on a broken connection.</summary>
    public void Shutdown(SocketShutdown how)
    {
        try
        {
            _socket.Shutdown(how);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already ended by the peer or by this side: that is what was wanted.
        }
    }

    /// <summary>For tests of what is promised: writes of the next while take their time.</summary>
    public void Slow(TimeSpan span) => Interlocked.Exchange(ref _slowUntil, Deadline.In(span).Ticks);

    /// <summary>For tests of what is promised: a bit of the next write is flipped.</summary>
    public void CorruptNext() => _corrupt = true;

    /// <summary>Called once when it is disposed.</summary>
    public Action<Wire>? Closed { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
        Closed?.Invoke(this);
    }

    private bool IsSlow => Volatile.Read(ref _slowUntil) != 0 && !new Deadline(_slowUntil).HasPassed;

    // The last bit of the piece: of a payload, where there is one, so that lengths stay as they are.
    private int WriteCorrupted(ReadOnlySpan<byte> bytes)
    {
        byte[] copy = bytes.ToArray();
        copy[^1] ^= 1;
        int written = Send(copy);
        if (written == bytes.Length) _corrupt = false;
        return written;
    }

    private int Send(ReadOnlySpan<byte> bytes)
    {
        if (_tls is not null) return _tls.TrySend(bytes, default);
        int written = _socket.Send(bytes, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => written,
            SocketError.WouldBlock => 0,
            _ => throw new SocketException((int)error),
        };
    }

    private Deadline Patience(Deadline deadline) => deadline == default && Silence != Timeout.InfiniteTimeSpan ? Deadline.In(Silence) : deadline;

    private void Wait(SelectMode mode, Deadline deadline)
    {
        if (!_socket.Poll(deadline.MicrosecondsLeft, mode)) throw new TimeoutException("The peer did not answer in time.");
    }
}

/// <summary>A point in time on the monotonic clock; the default value never comes.</summary>
internal readonly record struct Deadline(long Ticks)
{
    public static Deadline In(TimeSpan span) => new(Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency));

    public bool HasPassed => Ticks != 0 && Stopwatch.GetTimestamp() >= Ticks;

    /// <summary>For waits in milliseconds: -1 waits forever.</summary>
    public int MillisecondsLeft => Ticks == 0 ? -1 : (MicrosecondsLeft + 999) / 1000;

    /// <summary>For <see cref="Socket.Poll(int, SelectMode)"/>: -1 waits forever.</summary>
    public int MicrosecondsLeft =>
        Ticks == 0 ? -1 : (int)Math.Clamp((Ticks - Stopwatch.GetTimestamp()) * 1_000_000.0 / Stopwatch.Frequency, 0, int.MaxValue);
}
