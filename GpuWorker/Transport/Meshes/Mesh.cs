using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// The connections of one generation on one instance: one to and one from each peer. Frames wait in a mailbox until they are asked for, in any order.
/// When a required peer is lost, everyone who waits is woken, whomever he waits for: the step is to be abandoned.
/// </summary>
public sealed partial class Mesh : IDisposable
{
    private readonly DataPlane _plane;
    private readonly byte[] _salt;
    private readonly Action<Mesh> _closed;
    private readonly ILogger _logger;
    private readonly Dictionary<string, MeshSender> _senders = [];
    private readonly Dictionary<string, PeerEndpoint> _peers = [];
    private readonly HashSet<string> _arrived = [];
    private readonly HashSet<string> _halted = [];
    private readonly HashSet<string> _optional = [];
    private readonly List<MeshSender> _dropped = [];
    private readonly List<(string Peer, Wire Wire)> _incoming = []; // those that are being read
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PeerLostException? _lost;
    private bool _stalled;
    private bool _disposed;

    internal Mesh(DataPlane plane, string jobId, int generation, byte[] salt, Action<Mesh> closed, ILogger logger) =>
        (_plane, JobId, Generation, _salt, _closed, _logger) = (plane, jobId, generation, salt, closed, logger);

    /// <summary>The job.</summary>
    public string JobId { get; }

    /// <summary>The generation; every frame carries it.</summary>
    public int Generation { get; }

    /// <summary>Completes when peers to which this side does not connect have dialled in and all of their connections have ended: nothing more comes of them.</summary>
    public Task DrainedAsync => _drained.Task;

    private bool IsDrained => _incoming.TrueForAll(i => _peers.ContainsKey(i.Peer));

    /// <summary>Dials all peers and waits until the required ones have dialled in: whoever is dead is noticed here.</summary>
    /// <exception cref="PeerLostException">A required peer cannot be reached.</exception>
    /// <exception cref="PeerHaltedException">A required peer refused the generation: it has gone on.</exception>
    public void Connect(IReadOnlyList<MeshPeer> peers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(peers);
        lock (_mail)
        {
            foreach (var peer in peers)
            {
                _peers[peer.Endpoint.InstanceId] = peer.Endpoint;
                if (peer.Optional) _optional.Add(peer.Endpoint.InstanceId);
            }
        }
        foreach (var peer in peers) Dial(peer, cancellation);
        using var wake = cancellation.Register(PulseAll);
        var deadline = Deadline.In(_plane.Options.ConnectTimeout);
        lock (_mail)
        {
            foreach (string id in peers.Where(p => !p.Optional).Select(p => p.Endpoint.InstanceId))
            {
                while (!_arrived.Contains(id))
                {
                    ThrowIfBroken();
                    cancellation.ThrowIfCancellationRequested();
                    if (!Monitor.Wait(_mail, deadline.MillisecondsLeft)) throw new PeerLostException(id, false, $"it did not connect within {_plane.Options.ConnectTimeout.TotalSeconds} s");
                }
            }
        }
    }

    /// <summary>
    /// Sends the payload, which is the caller's again on return: what the socket does not take at once is copied. Does not block until <see cref="DataPlaneOptions.SendQueueBytes"/> wait for that peer, and never for an optional one; frames to an optional peer that was lost or cut off are dropped.
    /// </summary>
    /// <exception cref="MeshBrokenException">A required peer is lost, or this side is closed.</exception>
    public void Send(string peer, FrameKey key, ReadOnlySpan<byte> payload)
    {
        MeshSender? sender;
        lock (_mail)
        {
            ThrowIfBroken();
            if (!_senders.TryGetValue(peer, out sender))
            {
                if (_optional.Contains(peer)) return;
                throw new InvalidOperationException($"{peer} is not connected in generation {Generation}.");
            }
        }
        sender.Send(key, payload);
    }

    /// <summary>Waits until everything that was queued has been handed to the operating system.</summary>
    /// <returns>Whether it was done in time.</returns>
    public bool Flush(TimeSpan timeout)
    {
        MeshSender[] senders;
        lock (_mail) senders = [.. _senders.Values];
        var deadline = Deadline.In(timeout);
        return senders.All(s => s.Flush(deadline));
    }

    /// <summary>Closes every connection, with a farewell so that peers know that this is no crash.</summary>
    public void Dispose()
    {
        MeshSender[] senders;
        (string Peer, Wire Wire)[] incoming;
        lock (_mail)
        {
            if (_disposed) return;
            _disposed = true;
            senders = [.. _senders.Values, .. _dropped];
            incoming = [.. _incoming];
            if (IsDrained) _drained.TrySetResult();
            Monitor.PulseAll(_mail);
        }
        _closed(this);
        foreach (var sender in senders) sender.Close();
        foreach (var (_, wire) in incoming) wire.Shutdown(SocketShutdown.Both);
        DisposeMail();
    }

    /// <summary>Reads a peer's connection until it ends; runs on the connection's own thread.</summary>
    internal void Read(string peer, Wire wire)
    {
        lock (_mail)
        {
            if (_disposed)
            {
                wire.Dispose();
                return;
            }
            _incoming.Add((peer, wire));
            _arrived.Add(peer);
            Monitor.PulseAll(_mail);
        }
        string? broken = null;
        bool farewell = false;
        try
        {
            farewell = ReadFrames(peer, wire);
            if (!farewell) broken = "the connection ended without a farewell";
        }
        catch (FrameException e)
        {
            broken = e.Message;
            LogBadFrame(JobId, Generation, peer, e.Message);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            broken = e.Message;
        }
        catch (TimeoutException)
        {
            broken = $"it has been silent for {_plane.Options.HeartbeatTimeout.TotalSeconds} s";
        }
        wire.Dispose();
        if (broken is not null) Lose(peer, broken);
        lock (_mail)
        {
            _incoming.Remove((peer, wire));
            if (farewell) _halted.Add(peer);
            if (!_peers.ContainsKey(peer) && IsDrained) _drained.TrySetResult();
            Monitor.PulseAll(_mail);
        }
        _ended?.Invoke(peer);
    }

    /// <summary>
    /// The connection to a peer broke. A peer that has halted closes its end of it too, and what it sent before, the farewell last, may not have been read here yet: whoever reads its connection sees soon which it is.
    /// </summary>
    private void LoseOutgoing(string peer, string reason)
    {
        bool read;
        lock (_mail) read = _incoming.Exists(i => i.Peer == peer);
        if (read) _ = Task.Delay(_plane.Options.HeartbeatTimeout).ContinueWith(_ => Lose(peer, reason), TaskScheduler.Default);
        else Lose(peer, reason);
    }

    /// <summary>A connection to or from a peer broke.</summary>
    internal void Lose(string peer, string reason)
    {
        PeerEndpoint? endpoint;
        lock (_mail)
        {
            if (_disposed || _halted.Contains(peer) || (_lost is not null && !_optional.Contains(peer))) return;
            // The vault listens to replicas and does not dial them: what it loses concerns the replicas, not itself.
            if (!_peers.TryGetValue(peer, out endpoint)) return;
            if (_optional.Contains(peer))
            {
                if (!_senders.Remove(peer, out var dropped)) return;
                // Closed with the rest: this may be its own thread.
                _dropped.Add(dropped);
                LogDropped(JobId, Generation, peer, reason);
                return;
            }
        }
        bool refused = PeerProbe.IsGone(endpoint, _plane.Options.ProbeTimeout);
        LogLost(JobId, Generation, peer, refused, reason);
        lock (_mail)
        {
            _lost ??= new PeerLostException(peer, refused, reason);
            Monitor.PulseAll(_mail);
        }
    }

    private bool ReadFrames(string peer, Wire wire)
    {
        var header = new byte[FrameHeader.Size];
        wire.Silence = _plane.Options.HeartbeatTimeout;
        while (wire.Read(header))
        {
            var read = FrameHeader.Read(header, Generation, _plane.Options.MaxFrameBytes);
            if (read.Kind == MeshSender.Farewell) return true;
            if (read.Kind == MeshSender.Heartbeat && read.Length == 0) continue;
            var frame = _plane.Pool.Rent(read.Length);
            try
            {
                if (read.Length > 0 && !wire.Read(frame.Span)) throw new EndOfStreamException("The peer closed before a payload.");
                read.Verify(header, frame.Span);
            }
            catch
            {
                frame.Dispose();
                throw;
            }
            Deliver(peer, read.Key, frame);
        }
        return false;
    }

    private void Dial(MeshPeer peer, CancellationToken cancellation)
    {
        string id = peer.Endpoint.InstanceId;
        try
        {
            var wire = _plane.Dial(peer.Endpoint, ConnectionPurpose.Mesh, JobId, Generation, _salt, cancellation);
            var sender = new MeshSender(id, wire, Generation, _plane, peer.Optional ? Math.Max(peer.QueueBytes, _plane.Options.SendQueueBytes) : null, reason => LoseOutgoing(id, reason), GetsOn);
            lock (_mail)
            {
                if (!_disposed)
                {
                    _senders.Add(id, sender);
                    return;
                }
            }
            sender.Close();
            throw new MeshClosedException(JobId, Generation);
        }
        catch (HandshakeRefusedException e) when (e.Refusal is HandshakeRefusal.StaleGeneration or HandshakeRefusal.UnknownGeneration)
        {
            if (!peer.Optional) throw new PeerHaltedException(id, Generation);
            LogDropped(JobId, Generation, id, e.Message);
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or HandshakeRefusedException)
        {
            if (peer.Optional)
            {
                LogDropped(JobId, Generation, id, e.Message);
                return;
            }
            bool refused = e is SocketException { SocketErrorCode: SocketError.ConnectionRefused };
            LogLost(JobId, Generation, id, refused, e.Message);
            throw new PeerLostException(id, refused, e.Message);
        }
    }

    /// <summary>For how long, at least, a thread of this side that computes has not got on, if it seems to hang; null: all do.</summary>
    internal TimeSpan? Stalled => _watched.Any(t => t.IsStalled(_plane.Options.StallTimeout)) ? _plane.Options.StallTimeout : null;

    /// <summary>Whether the threads of this side that compute get on.</summary>
    private bool GetsOn()
    {
        if (Stalled is not { } limit) return true;
        if (!Interlocked.Exchange(ref _stalled, true)) LogStalled(JobId, Generation, limit.TotalSeconds);
        return false;
    }

    private void ThrowIfBroken()
    {
        if (_disposed) throw new MeshClosedException(JobId, Generation);
        if (_lost is not null) throw _lost;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Job {JobId}, generation {Generation}: this instance has not got on for {Seconds} s; it leaves its peers.")]
    private partial void LogStalled(string jobId, int generation, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}, generation {Generation}: a connection from {Peer} was closed: {Reason}")]
    private partial void LogBadFrame(string jobId, int generation, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}, generation {Generation}: the connection with {Peer} broke (process gone: {Gone}): {Reason}")]
    private partial void LogLost(string jobId, int generation, string peer, bool gone, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}, generation {Generation}: going on without {Peer}: {Reason}")]
    private partial void LogDropped(string jobId, int generation, string peer, string reason);
}
