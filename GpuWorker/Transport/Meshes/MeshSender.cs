using System.Net.Sockets;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// The outgoing connection to one peer. A frame is written by the calling thread as far as the socket takes it at once; the rest, and everything
/// while there is a rest, goes through a queue and a thread of its own, so that training never waits for a slow peer. Memory that is lent is only
/// touched under the lock, so that it can be taken back at any moment.
/// </summary>
internal sealed class MeshSender
{
    /// <summary>The last frame of an orderly close.</summary>
    public const FrameKind Farewell = (FrameKind)200;

    /// <summary>A sign of life where there is nothing to say.</summary>
    public const FrameKind Heartbeat = (FrameKind)201;

    // In each timeout, so that one that comes late is no loss.
    private const int HeartbeatsOfATimeout = 5;

    private readonly Wire _wire;
    private readonly int _generation;
    private readonly DataPlane _plane;
    private readonly Action<string> _broke;
    private readonly Func<bool> _alive;
    private readonly long _limit;
    private readonly bool _waits;
    private readonly object _lock = new();
    private readonly Queue<OutgoingFrame> _queue = [];
    private readonly Stack<OutgoingFrame> _free = [];
    private readonly Thread _writer;
    private long _queuedBytes;
    private bool _closing;
    private bool _broken;

    /// <param name="peer">Whom it sends to.</param>
    /// <param name="wire">The connection.</param>
    /// <param name="generation">Every frame's.</param>
    /// <param name="plane">Settings and buffers.</param>
    /// <param name="limit">Bytes of waiting frames at which an optional peer is cut off; null: a required peer, which is waited for.</param>
    /// <param name="broke">Told when the connection broke.</param>
    /// <param name="alive">Whether signs of life may be given.</param>
    public MeshSender(string peer, Wire wire, int generation, DataPlane plane, long? limit, Action<string> broke, Func<bool> alive)
    {
        (_wire, _generation, _plane, _broke, _alive) = (wire, generation, plane, broke, alive);
        (_limit, _waits) = (limit ?? plane.Options.SendQueueBytes, limit is null);
        _writer = new Thread(Write) { IsBackground = true, Name = $"send-{peer}" };
        _writer.Start();
    }

    /// <summary>
    /// Sends the payload, which is the caller's again on return. While more than <see cref="DataPlaneOptions.SendQueueBytes"/> are queued it waits; an optional peer with more than its limit is
    /// cut off instead.
    /// </summary>
    public void Send(FrameKey key, ReadOnlySpan<byte> payload)
    {
        string? broke;
        lock (_lock)
        {
            bool pressing = key.Kind == Farewell;
            while (_waits && _queuedBytes > _limit && !_broken && !_closing && !pressing)
            {
                using (ThreadWatch.Waiting()) Monitor.Wait(_lock);
            }

            if (_broken || (_closing && !pressing)) return;
            broke = _waits || _queuedBytes <= _limit || pressing ? Queue(key, payload) : CutOff();
        }
        if (broke is not null) _broke(broke);
    }

    private string? Queue(FrameKey key, ReadOnlySpan<byte> payload)
    {
        var frame = _free.TryPop(out var used) ? used : new OutgoingFrame();
        try
        {
            if (_queue.Count > 0)
            {
                frame.Begin(key, _generation, payload);
            }
            else if (frame.TryWriteNew(_wire, key, _generation, payload))
            {
                _free.Push(frame);
                return null;
            }
            frame.Keep(_plane.Pool, payload);
            Enqueue(frame);
            return null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return Break(e.Message);
        }
    }

    private string CutOff()
    {
        long waiting = _queuedBytes;
        _wire.Shutdown(SocketShutdown.Both);
        return Break($"it does not keep up: {waiting} bytes wait for it, {_limit} may");
    }

    /// <summary>
    /// Sends the payload from where it lies; <paramref name="work"/> is told when it is written, or when it never will be, and nothing may change it until then
    /// (or until <see cref="TakeBack"/>). Never waits.
    /// </summary>
    public void Lend(FrameKey key, ReadOnlyMemory<float> payload, MeshWork work)
    {
        string? broke = null;
        lock (_lock)
        {
            if (_broken || _closing) return;
            work.Begin();
            var frame = _free.TryPop(out var used) ? used : new OutgoingFrame();
            frame.Lend(key, payload, work);
            try
            {
                if (_queue.Count == 0 && frame.TryWrite(_wire, _generation)) Finish(frame);
                else Enqueue(frame);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                Finish(frame);
                broke = Break(e.Message);
            }
        }
        if (broke is not null) _broke(broke);
    }

    /// <summary>Copies what is not yet written of the memory that was lent for <paramref name="work"/>; it is not touched any more afterwards.</summary>
    public void TakeBack(MeshWork work)
    {
        lock (_lock)
        {
            foreach (var frame in _queue)
            {
                if (frame.Lender != work) continue;
                frame.TakeOver(_plane.Pool, _generation);
                _queuedBytes += frame.CopiedBytes;
            }
        }
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
        Send(new FrameKey(Farewell, 0, 0), []);
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
        var beat = _plane.Options.HeartbeatTimeout / HeartbeatsOfATimeout;
        while (true)
        {
            string? broke = null;
            try
            {
                bool full;
                lock (_lock)
                {
                    while (_queue.Count == 0 && !_closing && !_broken)
                    {
                        if (Monitor.Wait(_lock, beat) || _queue.Count > 0) continue;
                        if (_alive())
                        {
                            Send(new FrameKey(Heartbeat, 0, 0), []);
                            continue;
                        }

                        // The peer need not wait for the next sign of life in vain. That it is lost to this side is nobody's fault but this side's.
                        _wire.Shutdown(SocketShutdown.Both);
                        Break("");
                    }

                    if (_broken || _queue.Count == 0) return;
                    full = !WriteNext();
                }
                if (full) _wire.WaitWritable(default);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                lock (_lock) broke = Break(e.Message);
            }
            if (broke is null) continue;
            _broke(broke);
            return;
        }
    }

    private bool WriteNext()
    {
        var frame = _queue.Peek();
        int copied = frame.CopiedBytes;
        if (!frame.TryWrite(_wire, _generation)) return false;
        _queue.Dequeue();
        _queuedBytes -= copied;
        Finish(frame);
        if (copied > 0 || _queue.Count == 0) Monitor.PulseAll(_lock);
        return true;
    }

    private void Enqueue(OutgoingFrame frame)
    {
        _queue.Enqueue(frame);
        _queuedBytes += frame.CopiedBytes;
        if (_queue.Count == 1) Monitor.PulseAll(_lock);
    }

    private void Finish(OutgoingFrame frame)
    {
        var lender = frame.Lender;
        frame.Clear();
        _free.Push(frame);
        lender?.End();
    }

    private string Break(string reason)
    {
        _broken = true;
        while (_queue.TryDequeue(out var frame)) Finish(frame);
        _queuedBytes = 0;
        Monitor.PulseAll(_lock);
        return reason;
    }
}
