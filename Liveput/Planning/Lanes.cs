using System.Numerics;
using System.Runtime.InteropServices;

namespace Parcae.Liveput.Planning;

/// <summary>The two inner loops of the look-ahead, several strategies at a time.</summary>
internal static class Lanes
{
    /// <summary>target += factor * source.</summary>
    public static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
    {
        var targets = MemoryMarshal.Cast<double, Vector<double>>(target);
        var sources = MemoryMarshal.Cast<double, Vector<double>>(source);
        for (int i = 0; i < targets.Length; i++) targets[i] += sources[i] * factor;
        for (int i = targets.Length * Vector<double>.Count; i < target.Length; i++) target[i] += source[i] * factor;
    }

    /// <summary>The greatest (interval - seconds) * rate + future; the seconds are at most the interval.</summary>
    public static double Best(ReadOnlySpan<double> seconds, ReadOnlySpan<double> rate, ReadOnlySpan<double> future, double interval)
    {
        var costs = MemoryMarshal.Cast<double, Vector<double>>(seconds);
        var rates = MemoryMarshal.Cast<double, Vector<double>>(rate);
        var futures = MemoryMarshal.Cast<double, Vector<double>>(future);
        var length = new Vector<double>(interval);
        var greatest = Vector<double>.Zero;
        for (int i = 0; i < costs.Length; i++) greatest = Vector.Max(greatest, ((length - costs[i]) * rates[i]) + futures[i]);
        double best = 0;
        for (int i = 0; i < Vector<double>.Count; i++) best = Math.Max(best, greatest[i]);
        for (int i = costs.Length * Vector<double>.Count; i < seconds.Length; i++) best = Math.Max(best, ((interval - seconds[i]) * rate[i]) + future[i]);
        return best;
    }
}
