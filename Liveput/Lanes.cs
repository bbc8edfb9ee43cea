using System.Numerics;
using System.Runtime.InteropServices;

namespace Parcae.Liveput;

/// <summary>Inner loops over rows, several entries at a time.</summary>
internal static class Lanes
{
    /// <summary>target += factor * source, as far as the source goes.</summary>
    public static void AddScaled(Span<double> target, ReadOnlySpan<double> source, double factor)
    {
        target = target[..source.Length];
        var targets = MemoryMarshal.Cast<double, Vector<double>>(target);
        var sources = MemoryMarshal.Cast<double, Vector<double>>(source);
        for (int i = 0; i < targets.Length; i++) targets[i] += sources[i] * factor;
        for (int i = targets.Length * Vector<double>.Count; i < target.Length; i++) target[i] += source[i] * factor;
    }
}
