using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Shadows;

/// <summary>What goes to one follower. The training thread puts steps in a queue; the connection's own thread copies snapshots and does all the sending.</summary>
internal sealed class ShadowFeed : IDisposable
{
    // Steps' gradients that may be waiting, in multiples of those of one step.
    private const int StepsBehind = 8;

    private readonly Wire _wire;
    private readonly Queue<LayerState> _wanted;
    private readonly StepResult[] _results;
    private readonly Lock _layers;
    private readonly DataPlaneOptions _options;
    private readonly FaultInjector _faults;
    private readonly HashSet<int> _following = [];
    private readonly object _lock = new();
    private readonly Queue<(ShadowMessage Message, FrameBuffer? Payload)> _queue = [];
    private readonly long _limit;
    private long _queuedBytes;
    private bool _cut, _over;
    private Timer? _patience;

    /// <param name="wire">The follower.</param>
    /// <param name="wanted">The layers that it follows.</param>
    /// <param name="results">Of the generation's steps until now.</param>
    /// <param name="layers">Held while a layer changes or is read.</param>
    /// <param name="options">Size of a chunk, and how long a connection may take to close.</param>
    /// <param name="faults">Carries faults out.</param>
    public ShadowFeed(Wire wire, LayerState[] wanted, StepResult[] results, Lock layers, DataPlaneOptions options, FaultInjector faults)
    {
        (_wire, _wanted, _results, _layers, _options, _faults) = (wire, new Queue<LayerState>(wanted), results, layers, options, faults);
        _limit = Math.Max(options.SendQueueBytes, StepsBehind * wanted.Sum(l => l.Layout.Length * sizeof(float)));
    }

    /// <summary>Whether a layer's gradients are wanted: its snapshot has been taken.</summary>
    public bool Follows(int layer) => _following.Contains(layer);

    /// <summary>Adds a step's result, with which its gradients are complete.</summary>
    public void Offer(StepResult result, FramePool pool)
    {
        var bytes = StepResultCodec.ToBytes(result);
        var payload = pool.Rent(bytes.Length);
        bytes.CopyTo(payload.Span);
        Offer(new ShadowMessage(ShadowMessageKind.Step, 0, result.Step, bytes.Length), payload);
    }

    /// <summary>Adds a message; the payload is the feed's. Never waits: a follower that is too far behind is cut off.</summary>
    public void Offer(ShadowMessage message, FrameBuffer? payload)
    {
        lock (_lock)
        {
            if (!_cut && _queuedBytes > _limit)
            {
                _cut = true;
                _wire.Shutdown(System.Net.Sockets.SocketShutdown.Both);
                Monitor.Pulse(_lock);
            }

            if (_cut)
            {
                payload?.Dispose();
                return;
            }

            _queue.Enqueue((message, payload));
            _queuedBytes += message.Length;
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Nothing more will come, and no snapshot is taken any more. Called with the layers held. A follower that does not take what is left soon is cut off.</summary>
    public void End(int version)
    {
        _over = true;
        Offer(new ShadowMessage(ShadowMessageKind.End, 0, version, 0), null);
        _patience = new Timer(_ => _wire.Shutdown(System.Net.Sockets.SocketShutdown.Both), null, _options.ConnectTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sends until the end.</summary>
    /// <exception cref="System.Net.Sockets.SocketException">The follower is gone, or was cut off.</exception>
    public void Run()
    {
        using var copy = new LayerCopy();
        byte[] known = [.. _results.SelectMany(StepResultCodec.ToBytes)];
        new ShadowMessage(ShadowMessageKind.Results, 0, 0, known.Length).Write(_wire);
        Chunks.Write(_wire, known, _options.StateChunkBytes);
        while (true)
        {
            if (Take() is { } next)
            {
                using (next.Payload)
                {
                    next.Message.Write(_wire);
                    if (next.Payload is { } payload) Chunks.Write(_wire, payload.Span, _options.StateChunkBytes);
                }

                if (next.Message.Kind == ShadowMessageKind.End) return;
            }
            else
            {
                var layer = _wanted.Dequeue();
                copy.Prepare(layer);
                lock (_layers)
                {
                    if (_over)
                    {
                        _wanted.Clear();
                        continue;
                    }

                    copy.Take(layer);
                    _following.Add(layer.Layer);
                }

                new ShadowMessage(ShadowMessageKind.Snapshot, layer.Layer, copy.Version, copy.Parts.Sum(p => (long)p.Length)).Write(_wire);
                foreach (var part in copy.Parts)
                {
                    Chunks.Write(_wire, part.Span, _options.StateChunkBytes);
                    _faults.Pass(FaultPoint.MidTransfer, _wire);
                }
            }

            if (IsCurrent()) new ShadowMessage(ShadowMessageKind.Current, 0, 0, 0).Write(_wire);
        }
    }

    /// <summary>Frees what was not sent. Only after <see cref="Run"/>, when nobody offers anything any more.</summary>
    public void Dispose()
    {
        _patience?.Dispose();
        foreach (var (_, payload) in _queue) payload?.Dispose();
        _queue.Clear();
    }

    /// <summary>The next message, or null when a snapshot is to be taken. Waits where there is neither.</summary>
    private (ShadowMessage Message, FrameBuffer? Payload)? Take()
    {
        lock (_lock)
        {
            while (_queue.Count == 0)
            {
                if (_cut) throw new IOException("The follower was cut off: it fell too far behind.");
                if (_wanted.Count > 0) return null;
                Monitor.Wait(_lock);
            }

            var next = _queue.Dequeue();
            _queuedBytes -= next.Message.Length;
            return next;
        }
    }

    private bool IsCurrent()
    {
        lock (_lock) return _queue.Count == 0 && _wanted.Count == 0;
    }
}
