namespace Parcae.Liveput.Forecasting.Ensemble;

/// <summary>What the members forecast at points of a history, kept by what the history was until then.</summary>
internal sealed class TrialCache(IReadOnlyList<IAvailabilityForecaster> members, int capacity)
{
    private readonly Dictionary<(int Length, ulong Hash, int Horizon), AvailabilityForecast[]> _kept = [];
    private readonly Queue<(int, ulong, int)> _order = new();
    private readonly Lock _lock = new();

    /// <summary>A hash of the first n intervals for each n from <paramref name="first"/> to <paramref name="last"/> in steps.</summary>
    public static ulong[] Hash(IReadOnlyList<AvailabilityInterval> history, int first, int last, int step)
    {
        if (last < first) return [];
        var hashes = new ulong[((last - first) / step) + 1];
        ulong hash = 14695981039346656037;
        for (int i = 0; i < last; i++)
        {
            var (available, joined, lost) = history[i];
            // Mixed twice: the three numbers are small, and counts of a fleet look much alike.
            ulong value = unchecked(((ulong)(uint)available << 42) ^ ((ulong)(uint)joined << 21) ^ (uint)lost);
            hash = unchecked((hash ^ value) * 1099511628211);
            hash ^= hash >> 29;
            int length = i + 1;
            if (length >= first && (length - first) % step == 0) hashes[(length - first) / step] = hash;
        }

        return hashes;
    }

    /// <summary>What each member says after the first <paramref name="length"/> intervals.</summary>
    public AvailabilityForecast[] Get(IReadOnlyList<AvailabilityInterval> history, int length, ulong hash, int horizon)
    {
        var key = (length, hash, horizon);
        lock (_lock)
        {
            if (_kept.TryGetValue(key, out var kept)) return kept;
        }

        var past = new AvailabilityInterval[length];
        for (int i = 0; i < length; i++) past[i] = history[i];
        AvailabilityForecast[] forecasts = [.. members.Select(m => m.Forecast(past, horizon))];
        lock (_lock)
        {
            if (_kept.TryAdd(key, forecasts)) _order.Enqueue(key);
            while (_order.Count > capacity) _kept.Remove(_order.Dequeue());
        }

        return forecasts;
    }
}
