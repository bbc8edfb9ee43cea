using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Shadows;

/// <summary>
/// The source of shadow replicas: who follows layers of one generation's replica gets a snapshot of each, copied between two optimizer updates while the next step is being computed, and then
/// the reduced gradients of every step; and the results of all of the generation's steps, so that they are not lost with those who passed them. Training waits for the copying of one layer at most, and never for a follower: one that falls too far behind is cut off.
/// </summary>
/// <param name="layers">The replica's layers.</param>
/// <param name="pool">Gives buffers for gradients.</param>
/// <param name="options">Size of a chunk, and how long a connection may take to close.</param>
/// <param name="faults">Carries faults out.</param>
internal sealed class ShadowFeeds(LayerState[] layers, FramePool pool, DataPlaneOptions options, FaultInjector faults) : IDisposable
{
    // Held while the layers change, and while one is copied.
    private readonly Lock _lock = new();
    private readonly List<ShadowFeed> _feeds = [];
    private readonly HostStaging _staging = new();
    private readonly StepLog _results = new();
    private bool _ended;

    /// <summary>Serves one follower until the generation ends or the connection does; closes the connection.</summary>
    public void Serve(Wire wire)
    {
        using var closing = wire;
        int[] wanted = ShadowMessage.ReadRequest(wire, Deadline.In(options.HandshakeTimeout));
        var found = layers.Where(l => wanted.Contains(l.Layer)).ToArray();
        ShadowFeed? feed = null;
        string? why = null;
        lock (_lock)
        {
            if (_ended) why = "the generation has ended here";
            else if (found.Length != wanted.Length) why = $"layers {string.Join(", ", wanted)} were asked for; layers {string.Join(", ", layers.Select(l => l.Layer))} are trained here";
            else _feeds.Add(feed = new ShadowFeed(wire, found, _results.From(0), _lock, options, faults));
        }

        if (feed is null)
        {
            ShadowMessage.Refuse(wire, why!);
            return;
        }

        try
        {
            feed.Run();
        }
        finally
        {
            lock (_lock) _feeds.Remove(feed);
            feed.Dispose();
        }
    }

    /// <summary>Updates the layers, and passes the step on to all followers.</summary>
    /// <param name="result">The step's result.</param>
    /// <param name="reduced">The reduced gradients, one for each layer, which stay the caller's.</param>
    /// <param name="update">Updates the layers.</param>
    public void Apply(StepResult result, Tensor[] reduced, Action update)
    {
        lock (_lock)
        {
            update();
            _results.Add(result);
            if (_feeds.Count == 0) return;
            for (int i = 0; i < layers.Length; i++)
            {
                var takers = _feeds.Where(f => f.Follows(layers[i].Layer)).ToArray();
                if (takers.Length == 0) continue;
                var gradient = _staging.ReadBytes(reduced[i]);
                using var copy = pool.Rent(gradient.Length);
                gradient.Span.CopyTo(copy.Span);
                foreach (var taker in takers) taker.Offer(new ShadowMessage(ShadowMessageKind.Gradient, layers[i].Layer, result.Step, gradient.Length), copy.Share());
            }

            foreach (var feed in _feeds) feed.Offer(result, pool);
        }
    }

    /// <summary>The generation has ended here: nothing changes the layers any more, and nobody reads them from here on. Followers get what is left.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended) return;
            _ended = true;
            foreach (var feed in _feeds) feed.End(layers[0].Version);
            _staging.Dispose();
        }
    }
}
