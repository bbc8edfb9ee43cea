using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// The layers that an instance holds of a job, possibly one layer at two versions while a new generation is being prepared. Serves them to peers
/// while nothing trains, from <see cref="Freeze"/> to <see cref="ThawAsync"/>: while a layer is being sent nobody may change it.
/// </summary>
internal sealed class LayerStore : IDisposable
{
    // A peer that hangs while it takes a layer holds up this instance's next generation for no longer.
    private static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<LayerState> _held = [];
    private CancellationTokenSource _recall = new();
    private TaskCompletionSource _changed = NewSignal();
    private bool _frozen = true;
    private bool _settled;
    private int _leases;

    /// <summary>A layer that may be read until it is returned.</summary>
    /// <param name="State">The layer.</param>
    /// <param name="Recalled">Cancelled when it must be returned at once.</param>
    /// <param name="Return">Returns it; to be called once.</param>
    public sealed record Lease(LayerState State, Action Return, CancellationToken Recalled);

    /// <summary>Everything held, by layer.</summary>
    public LayerState[] Held
    {
        get { lock (_lock) return [.. _held.OrderBy(s => s.Layer).ThenBy(s => s.Version)]; }
    }

    /// <summary>The layer at exactly this version, or null.</summary>
    public LayerState? Find(int layer, int version)
    {
        lock (_lock) return _held.Find(s => s.Layer == layer && s.Version == version);
    }

    public void Add(LayerState state)
    {
        lock (_lock)
        {
            if (_held.Exists(s => s.Layer == state.Layer && s.Version == state.Version))
                throw new InvalidOperationException($"Layer {state.Layer} at version {state.Version} is held already.");
            _held.Add(state);
            Signal();
        }
    }

    /// <summary>Keeps exactly these layers at this version and frees the rest.</summary>
    public void KeepOnly(IReadOnlyCollection<int> layers, int version) => Drop(s => !layers.Contains(s.Layer) || s.Version != version);

    /// <summary>Frees those that are meant. Nobody may be reading them.</summary>
    public void Drop(Func<LayerState, bool> which)
    {
        lock (_lock)
        {
            foreach (var state in _held.Where(which).ToArray())
            {
                _held.Remove(state);
                state.Dispose();
            }
        }
    }

    /// <summary>Nothing trains: peers may read what is held.</summary>
    public void Freeze()
    {
        lock (_lock)
        {
            _frozen = true;
            Signal();
        }
    }

    /// <summary>An open step that was to be finished is: what is not held now never will be.</summary>
    public void Settle()
    {
        lock (_lock)
        {
            _frozen = _settled = true;
            Signal();
        }
    }

    /// <summary>Layers are about to change. No read begins from here on, and those under way have ended when the task completes; after a second they are broken off.</summary>
    public async Task ThawAsync()
    {
        lock (_lock) _frozen = _settled = false;
        await using var recall = new Timer(_ => Recall(), null, LeasePatience, Timeout.InfiniteTimeSpan);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_leases == 0) break;
                changed = _changed.Task;
            }
            await changed;
        }
    }

    /// <summary>Lends the layer if it is held at that version and nothing trains.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="version">The version.</param>
    /// <param name="changed">Where it is not lent: completes when that may have changed; null when it never will.</param>
    public Lease? TryBorrow(int layer, int version, out Task? changed)
    {
        lock (_lock)
        {
            changed = _settled ? null : _changed.Task;
            if (!_frozen || _held.Find(s => s.Layer == layer && s.Version == version) is not { } state) return null;
            _leases++;
            return new Lease(state, Return, _recall.Token);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var state in _held) state.Dispose();
            _held.Clear();
        }
    }

    private void Recall()
    {
        CancellationTokenSource recalled;
        lock (_lock) (recalled, _recall) = (_recall, new CancellationTokenSource());
        // The source stays undisposed: those who borrowed may still register with its token.
        recalled.Cancel();
    }

    private void Return()
    {
        lock (_lock)
        {
            _leases--;
            Signal();
        }
    }

    private void Signal()
    {
        var changed = _changed;
        _changed = NewSignal();
        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
