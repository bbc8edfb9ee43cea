using System.Numerics;
using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// A pseudo-random permutation of 0 .. n-1 that needs no memory: a four-round Feistel network over the next even number of bits, walked along its
/// cycle until the value is below n (at most four steps on average).
/// </summary>
/// <param name="n">Number of elements, at least 1.</param>
/// <param name="seed">Which permutation.</param>
public readonly struct Permutation(long n, ulong seed)
{
    private readonly int _halfBits = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)(n - 1))) / 2);

    /// <summary>Where element <paramref name="index"/> goes; a bijection.</summary>
    public long At(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, n);
        ulong x = (ulong)index;
        do x = Shuffle(x);
        while (x >= (ulong)n);
        return (long)x;
    }

    private ulong Shuffle(ulong x)
    {
        ulong mask = (1UL << _halfBits) - 1;
        var (left, right) = (x >> _halfBits, x & mask);
        for (ulong round = 0; round < 4; round++) (left, right) = (right, left ^ (Mixing.Mix(right + Mixing.Mix(seed + round)) & mask));
        return (left << _halfBits) | right;
    }
}
