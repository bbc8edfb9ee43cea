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

    /// <summary>The greatest gain + future; negative infinity where there is none.</summary>
    public static double Greatest(ReadOnlySpan<double> gain, ReadOnlySpan<double> future)
    {
        var gains = MemoryMarshal.Cast<double, Vector<double>>(gain);
        var futures = MemoryMarshal.Cast<double, Vector<double>>(future);
        var greatest = new Vector<double>(double.NegativeInfinity);
        for (int i = 0; i < gains.Length; i++) greatest = Vector.Max(greatest, gains[i] + futures[i]);
        double best = double.NegativeInfinity;
        for (int i = 0; i < Vector<double>.Count; i++) best = Math.Max(best, greatest[i]);
        for (int i = gains.Length * Vector<double>.Count; i < gain.Length; i++) best = Math.Max(best, gain[i] + future[i]);
        return best;
    }
}
