namespace Parcae.GpuWorker.Transport;

// What has come, and who waits for it.
public sealed partial class Mesh
{
    private readonly object _mail = new();
    private readonly Dictionary<(string Peer, FrameKind Kind, int Step, int Index), Mailbag> _bags = [];
    private readonly Stack<Mailbag> _emptyBags = [];
    private ThreadWatch[] _watched = [];
    private readonly Dictionary<FrameKind, Action<string, FrameKey, FrameBuffer>> _handlers = [];
    private Action<string>? _ended;

    /// <summary>Hands frames of a kind to a handler, on the connection's reading thread (blocking it holds the peer back), in place of the mailbox. The handler disposes of the frame.</summary>
    public void OnFrame(FrameKind kind, Action<string, FrameKey, FrameBuffer> handler) => _handlers[kind] = handler;

    /// <summary>Tells when a peer's connection to this side has ended, however it did: on its reading thread, after its last frame.</summary>
    public void OnEnd(Action<string> handler) => _ended = handler;

    /// <summary>Blocks until the frame has come. The caller disposes of it.</summary>
    /// <exception cref="MeshBrokenException">It will not come.</exception>
    public FrameBuffer Receive(string peer, FrameKey key)
    {
        var address = (peer, key.Kind, key.Step, key.Index);
        lock (_mail)
        {
            while (true)
            {
                if (_bags.TryGetValue(address, out var bag) && bag.Find(key.Part) is { } frame)
                {
                    if (bag.Frames.Count == 0 && bag.Sink is null) Empty(bag);
                    return frame;
                }

                ThrowIfBroken();
                if (_halted.Contains(peer)) throw new PeerHaltedException(peer, Generation);
                using (ThreadWatch.Waiting()) Monitor.Wait(_mail);
            }
        }
    }

    /// <summary>Blocks until the frame has come, and copies its payload.</summary>
    /// <param name="peer">Who sends it.</param>
    /// <param name="key">What it is.</param>
    /// <param name="into">Receives the payload, which must have this length.</param>
    /// <exception cref="MeshBrokenException">It will not come.</exception>
    /// <exception cref="InvalidDataException">It has another length.</exception>
    public void Receive(string peer, FrameKey key, Span<byte> into)
    {
        using var frame = Receive(peer, key);
        if (frame.Length != into.Length) throw new InvalidDataException($"{key} from {peer} has {frame.Length} bytes, {into.Length} were expected.");
        frame.Span.CopyTo(into);
    }

    /// <summary>Has a thread of this side's watched: while it hangs, peers hear no sign of life.</summary>
    internal void Watch(ThreadWatch thread)
    {
        lock (_mail) _watched = [.. _watched, thread];
    }

    /// <summary>Does nothing while the mesh is whole.</summary>
    /// <exception cref="MeshBrokenException">A required peer is lost, or this side is closed.</exception>
    public void Check()
    {
        lock (_mail) ThrowIfBroken();
    }

    /// <summary>Whether <see cref="Receive"/> would not block for the frame: it is here, or never will be.</summary>
    public bool HasArrived(string peer, FrameKey key)
    {
        lock (_mail)
        {
            return _disposed || _lost is not null || _halted.Contains(peer)
                || (_bags.TryGetValue((peer, key.Kind, key.Step, key.Index), out var bag) && bag.Frames.Exists(f => f.Part == key.Part));
        }
    }

    /// <summary>
    /// From here on <paramref name="sink"/> takes the parts of (kind, step, index) from a peer, at once and on this thread those that have come. They belong to
    /// <paramref name="work"/> and end with <see cref="Release"/>.
    /// </summary>
    /// <param name="peer">Who sends them.</param>
    /// <param name="key">What they are; the part does not matter.</param>
    /// <param name="parts">How many are to come.</param>
    /// <param name="sink">Who takes them.</param>
    /// <param name="work">What they are for.</param>
    internal void Expect(string peer, FrameKey key, int parts, IFrameSink sink, MeshWork work)
    {
        if (parts == 0) return;
        var address = (peer, key.Kind, key.Step, key.Index);
        Mailbag bag;
        lock (_mail)
        {
            if (!_bags.TryGetValue(address, out bag!)) bag = NewBag(address);
            if (bag.Sink is not null) throw new InvalidOperationException($"'{key}' from {peer} is expected already.");
            (bag.Sink, bag.Work, bag.Missing, bag.Busy) = (sink, work, parts, 1);
            work.Expected.Add(bag);
        }

        try
        {
            while (Next() is { } next) sink.Take(key with { Part = next.Part }, next.Frame);
        }
        catch (FrameException e)
        {
            work.Fail(new InvalidDataException($"{peer}: {e.Message}"));
            Leave(bag);
        }

        (int Part, FrameBuffer Frame)? Next()
        {
            lock (_mail)
            {
                if (bag.Frames.Count == 0)
                {
                    bag.Busy--;
                    return null;
                }

                var next = bag.Frames[^1];
                bag.Frames.RemoveAt(bag.Frames.Count - 1);
                bag.Missing--;
                return next;
            }
        }
    }

    /// <summary>Sends from the caller's memory, which must stay as it is until <paramref name="work"/> is done or released. Never waits, and drops the frame when the peer or the mesh is lost.</summary>
    internal void Lend(string peer, FrameKey key, ReadOnlyMemory<float> payload, MeshWork work)
    {
        MeshSender? sender;
        lock (_mail)
        {
            if (_disposed || _lost is not null || !_senders.TryGetValue(peer, out sender)) return;
        }

        sender.Lend(key, payload, work);
    }

    /// <summary>Blocks until the work is done.</summary>
    /// <exception cref="MeshBrokenException">It will not be.</exception>
    internal void Await(MeshWork work)
    {
        lock (_mail)
        {
            while (true)
            {
                if (work.Failure is { } failure) throw failure;
                if (work.IsDone) return;
                ThrowIfBroken();
                foreach (var bag in work.Expected)
                {
                    if (bag.Missing > 0 && _halted.Contains(bag.Address.Peer)) throw new PeerHaltedException(bag.Address.Peer, Generation);
                }

                using (ThreadWatch.Waiting()) Monitor.Wait(_mail);
            }
        }
    }

    /// <summary>Ends the work, done or not: no sink is in use any more afterwards and no lent memory is read; what was lent and not yet sent is copied.</summary>
    internal void Release(MeshWork work)
    {
        MeshSender[] senders = [];
        lock (_mail)
        {
            foreach (var bag in work.Expected)
            {
                _bags.Remove(bag.Address);
                bag.IsEnding = true;
                while (bag.Busy > 0) Monitor.Wait(_mail);
                Reuse(bag);
            }

            if (!work.IsDone) senders = [.. _senders.Values];
        }

        foreach (var sender in senders) sender.TakeBack(work);
        work.Reset();
    }

    /// <summary>Throws when the mesh is broken, or when one of the peers has halted.</summary>
    internal void ThrowIfBroken(IEnumerable<string> peers)
    {
        lock (_mail)
        {
            ThrowIfBroken();
            foreach (string peer in peers)
            {
                if (_halted.Contains(peer)) throw new PeerHaltedException(peer, Generation);
            }
        }
    }

    internal void PulseAll()
    {
        lock (_mail) Monitor.PulseAll(_mail);
    }

    private void Deliver(string peer, FrameKey key, FrameBuffer frame)
    {
        if (_handlers.TryGetValue(key.Kind, out var handler))
        {
            handler(peer, key, frame);
            return;
        }

        Mailbag? bag;
        IFrameSink sink;
        lock (_mail)
        {
            if (_disposed)
            {
                frame.Dispose();
                return;
            }

            var address = (peer, key.Kind, key.Step, key.Index);
            if (!_bags.TryGetValue(address, out bag)) bag = NewBag(address);
            if (bag.Sink is null)
            {
                if (bag.Has(key.Part))
                {
                    frame.Dispose();
                    throw new FrameException($"Frame '{key}' came twice.");
                }

                bag.Frames.Add((key.Part, frame));
                Monitor.PulseAll(_mail);
                return;
            }

            sink = bag.Sink;
            bag.Busy++;
            bag.Missing--;
        }

        try
        {
            sink.Take(key, frame);
        }
        catch (Exception e) when (e is not FrameException)
        {
            // Not the peer's fault: whoever waits for the work hears of it.
            bag.Work?.Fail(e);
        }
        finally
        {
            Leave(bag);
        }
    }

    private void Leave(Mailbag bag)
    {
        lock (_mail)
        {
            if (--bag.Busy == 0 && bag.IsEnding) Monitor.PulseAll(_mail);
        }
    }

    private Mailbag NewBag((string Peer, FrameKind Kind, int Step, int Index) address)
    {
        var bag = _emptyBags.TryPop(out var used) ? used : new Mailbag();
        bag.Address = address;
        _bags.Add(address, bag);
        return bag;
    }

    private void Empty(Mailbag bag)
    {
        _bags.Remove(bag.Address);
        Reuse(bag);
    }

    private void Reuse(Mailbag bag)
    {
        foreach (var (_, frame) in bag.Frames) frame.Dispose();
        bag.Frames.Clear();
        (bag.Sink, bag.Work, bag.Missing, bag.IsEnding) = (null, null, 0, false);
        _emptyBags.Push(bag);
    }

    private void DisposeMail()
    {
        lock (_mail)
        {
            foreach (var bag in _bags.Values)
            {
                foreach (var (_, frame) in bag.Frames) frame.Dispose();
                bag.Frames.Clear();
            }
        }
    }
}
