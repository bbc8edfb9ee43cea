using Parcae.Grains;
using Parcae.GpuWorker.Numerics;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// The layers that an instance holds of a job, possibly one layer at two versions while a new generation is being prepared. Serves them to peers
/// between <see cref="Open"/> and <see cref="CloseAsync"/>: while a layer is being sent nobody may change it.
/// </summary>
internal sealed class LayerStore : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<LayerState> _held = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _open;
    private int _leases;

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
    public void KeepOnly(LayerRange layers, int version)
    {
        lock (_lock)
        {
            foreach (var state in _held.Where(s => !layers.Contains(s.Layer) || s.Version != version).ToArray())
            {
                _held.Remove(state);
                state.Dispose();
            }
        }
    }

    /// <summary>What is held is final until <see cref="CloseAsync"/>: peers may read it.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _open = true;
            Signal();
        }
    }

    /// <summary>Stops serving; running reads have ended when the task completes.</summary>
    public async Task CloseAsync()
    {
        lock (_lock) _open = false;
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

    /// <summary>Waits until the store is open and then lends the layer (until the action is called), or returns null when it is not held at that version.</summary>
    public async Task<(LayerState State, Action Return)?> BorrowAsync(int layer, int version, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_open)
                {
                    var state = _held.Find(s => s.Layer == layer && s.Version == version);
                    if (state is null) return null;
                    _leases++;
                    return (state, Return);
                }
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellation);
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
