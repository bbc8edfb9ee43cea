namespace Parcae.Liveput.Forecasting.Survival;

/// <summary>How many go or come at once, given that any do: half what was seen, smoothed, half a geometric distribution whose mean grows with how many there are to go or come.</summary>
internal sealed class SizeDistribution(double priorShare, double priorWeight, double memory)
{
    private readonly SortedDictionary<int, double> _seen = [];
    private double _excess = priorShare * priorWeight, _room = priorWeight, _weight, _scale = 1;

    /// <summary>Takes in that <paramref name="size"/> of <paramref name="of"/> went or came.</summary>
    public void Learn(int size, int of)
    {
        // Instead of shrinking all that was seen, what is new weighs more.
        _scale /= memory;
        _seen[size] = _seen.GetValueOrDefault(size) + _scale;
        _weight += _scale;
        _excess = (_excess * memory) + (size - 1);
        _room = (_room * memory) + Math.Max(0, of - 1);
    }

    /// <summary>Probabilities of 1, 2, ... up to <paramref name="of"/>, <c>[size - 1]</c>; larger sizes count as all of them.</summary>
    public double[] Of(int of, double blend)
    {
        double mean = 1 + (Math.Min(0.95, _excess / _room) * (of - 1)), next = 1 - (1 / mean), left = 1;
        var p = new double[of];
        int last = 0;
        double seen = _weight > 0 ? blend * (_weight / _scale) / ((_weight / _scale) + 2) : 0;
        for (int k = 0; k < of && left > 1e-7; k++)
        {
            double here = k == of - 1 ? left : left * (1 - next);
            p[k] = here * (1 - seen);
            left -= here;
            last = k;
        }

        p[last] += left * (1 - seen);
        foreach (var (size, weight) in _seen)
        {
            double share = seen * weight / _weight;
            last = Math.Max(last, Math.Min(of, size + 1) - 1);
            p[Math.Clamp(size - 1, 1, of) - 1] += share / 4;
            p[Math.Min(of, size) - 1] += share / 2;
            p[Math.Min(of, size + 1) - 1] += share / 4;
        }

        Array.Resize(ref p, last + 1);
        return p;
    }
}
