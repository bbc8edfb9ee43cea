using System.Net.Sockets;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// The outgoing connection to one peer. A frame is written by the calling thread as far as the socket takes it at once; the rest, and everything
/// while there is a rest, goes through a queue and a thread of its own, so that training never waits for a slow peer.
/// </summary>
internal sealed class MeshSender
{
    /// <summary>The last frame of an orderly close.</summary>
    public const FrameKind Farewell = (FrameKind)200;

    private readonly Wire _wire;
    private readonly int _generation;
    private readonly DataPlane _plane;
    private readonly Action<string> _broke;
    private readonly object _lock = new();
    private readonly Queue<FrameBuffer> _queue = [];
    private readonly Thread _writer;
    private long _queuedBytes;
    private int _written;
    private bool _closing;
    private bool _broken;

    public MeshSender(string peer, Wire wire, int generation, DataPlane plane, Action<string> broke)
    {
        (_wire, _generation, _plane, _broke) = (wire, generation, plane, broke);
        _writer = new Thread(Write) { IsBackground = true, Name = $"send-{peer}" };
        _writer.Start();
    }

    public void Send(FrameKind kind, byte flags, int step, int index, ReadOnlySpan<byte> payload)
    {
        var frame = _plane.Pool.Rent(payload.Length);
        payload.CopyTo(frame.Span);
        FrameHeader.Write(frame.Header, kind, flags, _generation, step, index, frame.Span);
        string? broke = null;
        lock (_lock)
        {
            while (_queuedBytes > _plane.Options.SendQueueBytes && !_broken && !_closing) Monitor.Wait(_lock);
            if (_broken || (_closing && kind != Farewell))
            {
                frame.Dispose();
                return;
            }
            try
            {
                int written = _queue.Count == 0 ? _wire.TryWrite(frame.Wire) : 0;
                if (written == frame.Wire.Length)
                {
                    frame.Dispose();
                    return;
                }
                if (_queue.Count == 0) _written = written;
                _queue.Enqueue(frame);
                _queuedBytes += frame.Length;
                Monitor.PulseAll(_lock);
            }
            catch (SocketException e)
            {
                frame.Dispose();
                broke = Break(e.Message);
            }
        }
        if (broke is not null) _broke(broke);
    }

    public bool Flush(Deadline deadline)
    {
        lock (_lock)
        {
            while (_queue.Count > 0 && !_broken)
            {
                if (!Monitor.Wait(_lock, deadline.MillisecondsLeft)) return false;
            }
            return !_broken;
        }
    }

    /// <summary>Sends what is queued and a farewell, for as long as a closing connection may take, and ends the connection.</summary>
    public void Close()
    {
        Send(Farewell, 0, 0, 0, []);
        lock (_lock)
        {
            if (_closing) return;
            _closing = true;
            Monitor.PulseAll(_lock);
        }
        // Without a rest in the queue this is at once.
        if (!_writer.Join(_plane.Options.CloseTimeout)) _wire.Shutdown(SocketShutdown.Both);
        else _wire.Shutdown(SocketShutdown.Send);
        _writer.Join();
        _wire.Dispose();
    }

    private void Write()
    {
        while (true)
        {
            FrameBuffer frame;
            int from;
            lock (_lock)
            {
                while (_queue.Count == 0 && !_closing && !_broken) Monitor.Wait(_lock);
                if (_broken || _queue.Count == 0) return;
                frame = _queue.Peek();
                from = _written;
            }
            string? broke = null;
            try
            {
                _wire.Write(frame.Wire[from..]);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                broke = e.Message;
            }
            lock (_lock)
            {
                if (broke is not null)
                {
                    broke = Break(broke);
                }
                else
                {
                    _queue.Dequeue().Dispose();
                    _queuedBytes -= frame.Length;
                    _written = 0;
                    Monitor.PulseAll(_lock);
                }
            }
            if (broke is null) continue;
            _broke(broke);
            return;
        }
    }

    private string Break(string reason)
    {
        _broken = true;
        while (_queue.TryDequeue(out var frame)) frame.Dispose();
        _queuedBytes = 0;
        Monitor.PulseAll(_lock);
        return reason;
    }
}
