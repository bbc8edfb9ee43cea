using System.Numerics;
using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>A seeded permutation of 0 .. n-1 without a table: a four-round Feistel network on the next even number of bits, walked until it lands inside.</summary>
internal static class Permutation
{
    public static long Apply(long position, long count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, count);
        int half = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)(count - 1))) / 2);
        ulong mask = (1UL << half) - 1, value = (ulong)position;
        do
        {
            ulong left = value >> half, right = value & mask;
            for (ulong round = 0; round < 4; round++)
                (left, right) = (right, left ^ (Mixing.Mix(right ^ Mixing.Mix(seed + round)) & mask));
            value = (left << half) | right;
        }
        while (value >= (ulong)count);
        return (long)value;
    }
}
