using Parcae.Grains;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// The ranges of all layers that are still to come. Everyone who fetches from a holder takes one after the other, so that each holder gives as much as it can in
/// the time; ranges that a holder did not give go back and are others'. A layer comes from its first few holders that are any good; the rest are in reserve.
/// </summary>
internal sealed class RangeQueue
{
    private readonly object _lock = new();
    private readonly Wanting[] _layers;
    private readonly int _sources;
    private readonly HashSet<string> _busy = [];
    private readonly List<string> _complaints = [];
    private bool _stopped;

    /// <param name="wanted">The layers.</param>
    /// <param name="rangeBytes">Longest range.</param>
    /// <param name="sources">Most holders that a layer comes from at a time.</param>
    public RangeQueue(IEnumerable<WantedLayer> wanted, long rangeBytes, int sources)
    {
        _layers = [.. wanted.Select(w => new Wanting(w, rangeBytes))];
        _sources = sources;
    }

    /// <summary>Whether every layer is complete.</summary>
    public bool IsComplete
    {
        get { lock (_lock) return _layers.All(w => w.Missing == 0); }
    }

    /// <summary>Whether nothing more is wanted: complete, failed or stopped.</summary>
    public bool IsOver
    {
        get { lock (_lock) return _stopped || _layers.All(w => w.Missing == 0); }
    }

    /// <summary>What layers cannot be had and what each holder said, or null as long as there are holders for all.</summary>
    public string? Failure
    {
        get
        {
            lock (_lock)
            {
                var lacking = _layers.Where(w => w.Missing > 0 && !Active(w).Any()).Select(w => w.Of).ToArray();
                return lacking.Length == 0 ? null : $"Nobody gave layers {string.Join(", ", lacking.Select(w => w.Layer))} at version {lacking[0].Version}. {string.Join(' ', _complaints)}";
            }
        }
    }

    /// <summary>Holders to begin to fetch from, each once: until <see cref="Take"/> has nothing more for it, or it is out.</summary>
    public PeerEndpoint[] TakeHolders()
    {
        lock (_lock) return _stopped ? [] : [.. _layers.Where(w => w.Missing > 0).SelectMany(Active).Where(h => _busy.Add(h.InstanceId))];
    }

    /// <summary>The next range that the holder is to give, if there is one now; of the same layer as the last one, if possible, which the holder has open.</summary>
    public StateRange? TryTake(string holder, WantedLayer? last)
    {
        lock (_lock) return _stopped ? null : Next(holder, last);
    }

    /// <summary>The next range that the holder is to give. Waits while others may still hand some back; null when it is not needed any more.</summary>
    public StateRange? Take(string holder, WantedLayer? last)
    {
        lock (_lock)
        {
            while (!_stopped && Mine(holder).Any())
            {
                if (Next(holder, last) is { } range) return range;
                Monitor.Wait(_lock);
            }

            _busy.Remove(holder);
            return null;
        }
    }

    /// <summary>A range has come. Whether its layer is complete now.</summary>
    public bool Complete(StateRange range)
    {
        lock (_lock)
        {
            var layer = Of(range.Of);
            if (--layer.Missing > 0) return false;
            Monitor.PulseAll(_lock);
            return true;
        }
    }

    /// <summary>A holder does not have a layer, and the range goes to another one.</summary>
    public void Refuse(PeerEndpoint holder, StateRange range, string reason)
    {
        lock (_lock)
        {
            var layer = Of(range.Of);
            layer.Out.Add(holder.InstanceId);
            layer.Ranges.AddFirst(range);
            Complain(holder, reason);
        }
    }

    /// <summary>Nothing comes from a holder any more, and the ranges that were under way go to others.</summary>
    public void Leave(PeerEndpoint holder, IEnumerable<StateRange> underWay, string reason)
    {
        lock (_lock)
        {
            foreach (var layer in _layers) layer.Out.Add(holder.InstanceId);
            foreach (var range in underWay) Of(range.Of).Ranges.AddFirst(range);
            Complain(holder, reason);
        }
    }

    /// <summary>Nobody gets anything to fetch any more.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            Monitor.PulseAll(_lock);
        }
    }

    private void Complain(PeerEndpoint holder, string reason)
    {
        _complaints.Add($"{holder.InstanceId}: {reason}");
        Monitor.PulseAll(_lock);
    }

    private StateRange? Next(string holder, WantedLayer? last)
    {
        var layer = Mine(holder).Where(w => w.Ranges.Count > 0).OrderBy(w => !ReferenceEquals(w.Of, last)).FirstOrDefault();
        if (layer is null) return null;
        var range = layer.Ranges.First!.Value;
        layer.Ranges.RemoveFirst();
        return range;
    }

    /// <summary>Incomplete layers that the holder is to give.</summary>
    private IEnumerable<Wanting> Mine(string holder) => _layers.Where(w => w.Missing > 0 && Active(w).Any(h => h.InstanceId == holder));

    private IEnumerable<PeerEndpoint> Active(Wanting layer) => layer.Of.Holders.Where(h => !layer.Out.Contains(h.InstanceId)).Take(_sources);

    private Wanting Of(WantedLayer layer) => Array.Find(_layers, w => ReferenceEquals(w.Of, layer))!;

    private sealed class Wanting
    {
        public Wanting(WantedLayer of, long rangeBytes)
        {
            Of = of;
            long total = of.Target.Lengths.Sum();
            // A layer without a byte is one empty range: whether it is held must be known all the same.
            for (long at = 0; at == 0 || at < total; at += rangeBytes) Ranges.AddLast(new StateRange(of, at, Math.Min(rangeBytes, total - at)));
            Missing = Ranges.Count;
        }

        public WantedLayer Of { get; }

        /// <summary>Those that nobody has taken.</summary>
        public LinkedList<StateRange> Ranges { get; } = [];

        /// <summary>Ranges that have not come.</summary>
        public int Missing { get; set; }

        /// <summary>Holders that do not give it.</summary>
        public HashSet<string> Out { get; } = [];
    }
}
