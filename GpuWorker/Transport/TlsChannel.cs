using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Security.Authentication;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// TLS on a socket in non-blocking mode, by synchronous calls alone as <see cref="Wire"/>'s are: the runtime's TLS between two buffers of records. Writing is like OpenSSL's: what is encrypted counts as
/// written when the socket has taken all of its record, and until then the next call begins with the same bytes.
/// </summary>
internal sealed class TlsChannel : Stream
{
    // Buffers stay below 85,000 bytes: the runtime keeps longer arrays where freed ones leave holes.
    private const int HeaderBytes = 5, RecordBytes = 16 << 10, Batch = 4 * RecordBytes, Overhead = 17, Buffered = 80_000;

    private readonly Socket _socket;
    private readonly Action<SelectMode, Deadline> _wait;
    private readonly SslStream _ssl;
    private readonly byte[] _in = new byte[Buffered];
    private readonly byte[] _together = new byte[RecordBytes];
    private byte[] _out = new byte[Buffered];
    private int _inStart, _inEnd, _recordLeft;
    private int _outStart, _outEnd, _pending;
    private bool _handshaking, _sealing;
    private Deadline _deadline;

    /// <param name="socket">Connected, in non-blocking mode.</param>
    /// <param name="wait">Blocks until the socket can be read or written.</param>
    public TlsChannel(Socket socket, Action<SelectMode, Deadline> wait)
    {
        (_socket, _wait) = (socket, wait);
        _ssl = new SslStream(this, leaveInnerStreamOpen: true, (_, _, _, errors) => MutualTls.Accepts(errors));
    }

    /// <summary>Whether bytes that were given are encrypted, but not yet all with the socket.</summary>
    public bool IsPending => _pending > 0;

    /// <summary>Agrees on keys with the peer, each showing a certificate of the same authority.</summary>
    /// <param name="tls">This side's.</param>
    /// <param name="host">For the side that dialled: the peer's name or address; null: the other side.</param>
    /// <param name="deadline">When to give up.</param>
    /// <exception cref="IOException">The peer has no such certificate, or speaks no TLS.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public void Authenticate(MutualTls tls, string? host, Deadline deadline)
    {
        (_handshaking, _deadline) = (true, deadline);
        try
        {
            if (host is null)
            {
                var options = new SslServerAuthenticationOptions();
                tls.Apply(options);
                _ssl.AuthenticateAsServer(options);
            }
            else
            {
                var options = new SslClientAuthenticationOptions();
                tls.Apply(options, host);
                _ssl.AuthenticateAsClient(options);
            }
        }
        catch (AuthenticationException e)
        {
            throw new IOException($"TLS was not agreed on: {e.Message} {e.InnerException?.Message}".TrimEnd(), e);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new IOException($"The peer left while TLS was agreed on; it may speak none, or not accept this side's certificate: {e.Message}", e);
        }
        finally
        {
            _handshaking = false;
        }
    }

    /// <summary>Waits for bytes and takes them; 0: the peer has closed.</summary>
    public int Receive(Span<byte> buffer, Deadline deadline)
    {
        _deadline = deadline;
        try
        {
            return _ssl.Read(buffer);
        }
        catch (IOException e)
        {
            Unwrap(e);
            throw;
        }
    }

    /// <summary>Writes as much of two pieces, one after the other, as the socket takes now, and not much more than <paramref name="most"/>; returns the number of bytes.</summary>
    public int TrySend(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, int most = int.MaxValue)
    {
        int total = first.Length + second.Length, done = 0;
        while (TryFlush())
        {
            (done, _pending) = (done + _pending, 0);
            if (done > total) throw new InvalidOperationException($"{total} bytes were given where {done} are encrypted already.");
            if (done >= Math.Min(total, most)) break;
            if (done < first.Length) SealBoth(first[done..], second);
            else Seal(second.Slice(done - first.Length, Math.Min(total - done, Batch)));
        }

        return done;
    }

    /// <summary>Waits until a record with so many bytes can be read without blocking, but no longer than this; false as well at the end.</summary>
    public bool HasArrived(int count, TimeSpan patience)
    {
        var deadline = Deadline.In(patience);
        while (true)
        {
            // Records are handed on whole, so that one begins here.
            if (_inEnd - _inStart is var buffered and >= HeaderBytes && RecordLength() is var record && record <= buffered) return record - HeaderBytes - Overhead >= count;
            if (!_socket.Poll(deadline.MicrosecondsLeft, SelectMode.SelectRead) || !TryFill(out int read) || read == 0) return false;
        }
    }

    /// <summary>Whether bytes of the peer wait here.</summary>
    public bool HasBytes => _inEnd > _inStart;

    // What TLS reads: never beyond the record that it is at, so that the rest can be looked at.
    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            if (_recordLeft == 0 && _inEnd - _inStart >= HeaderBytes) _recordLeft = RecordLength();
            if (_recordLeft > 0 && _inEnd > _inStart)
            {
                int count = Math.Min(Math.Min(buffer.Length, _recordLeft), _inEnd - _inStart);
                _in.AsSpan(_inStart, count).CopyTo(buffer);
                (_inStart, _recordLeft) = (_inStart + count, _recordLeft - count);
                return count;
            }

            if (!TryFill(out int read)) _wait(SelectMode.SelectRead, _deadline);
            else if (read == 0) return 0;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        // The reading thread never writes: there is no renegotiation, and nothing else answers by itself.
        if (!_handshaking && !_sealing) throw new InvalidOperationException("TLS writes by itself.");
        if (_outEnd + buffer.Length > _out.Length) Array.Resize(ref _out, _outEnd + buffer.Length);
        buffer.CopyTo(_out.AsSpan(_outEnd));
        _outEnd += buffer.Length;
        while (_handshaking && !TryFlush()) _wait(SelectMode.SelectWrite, _deadline);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _ssl.Dispose();
        base.Dispose(disposing);
    }

    private int RecordLength() => HeaderBytes + BinaryPrimitives.ReadUInt16BigEndian(_in.AsSpan(_inStart + 3));

    // One record of both: a header would be one of its own.
    private void SealBoth(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (first.Length >= RecordBytes)
        {
            Seal(first[..Math.Min(first.Length, Batch)]);
            return;
        }

        int more = Math.Min(second.Length, RecordBytes - first.Length);
        first.CopyTo(_together);
        second[..more].CopyTo(_together.AsSpan(first.Length));
        Seal(_together.AsSpan(0, first.Length + more));
        if (more < second.Length) Seal(second.Slice(more, Math.Min(second.Length - more, Batch - RecordBytes)));
    }

    private void Seal(ReadOnlySpan<byte> bytes)
    {
        _sealing = true;
        _ssl.Write(bytes);
        _sealing = false;
        _pending += bytes.Length;
    }

    private bool TryFlush()
    {
        while (_outStart < _outEnd)
        {
            int sent = _socket.Send(_out.AsSpan(_outStart, _outEnd - _outStart), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return false;
            if (error != SocketError.Success) throw new SocketException((int)error);
            _outStart += sent;
        }

        (_outStart, _outEnd) = (0, 0);
        return true;
    }

    /// <returns>Whether there was something, if only the end.</returns>
    private bool TryFill(out int read)
    {
        if (_inStart > 0)
        {
            _in.AsSpan(_inStart, _inEnd - _inStart).CopyTo(_in);
            (_inStart, _inEnd) = (0, _inEnd - _inStart);
        }

        read = _socket.Receive(_in.AsSpan(_inEnd), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock) return false;
        if (error != SocketError.Success) throw new SocketException((int)error);
        _inEnd += read;
        return true;
    }

    // The runtime wraps what this stream throws.
    private static void Unwrap(IOException e)
    {
        if (e.InnerException is TimeoutException or SocketException or ObjectDisposedException) ExceptionDispatchInfo.Throw(e.InnerException);
    }

    // What else a stream has, none of which synchronous TLS uses.
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Each write of a handshake is flushed, and other writes are when the socket takes them.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
