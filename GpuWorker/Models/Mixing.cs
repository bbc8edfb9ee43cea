namespace Parcae.GpuWorker.Models;

/// <summary>Mixes numbers into well-spread ones, the same on every machine and in every version of .NET (unlike <see cref="HashCode"/>).</summary>
internal static class Mixing
{
    /// <summary>SplitMix64's finalizer: a bijection in which every input bit moves every output bit.</summary>
    public static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    /// <summary>A seed from several numbers; their order matters.</summary>
    public static ulong Seed(params ReadOnlySpan<long> numbers)
    {
        ulong state = 0;
        foreach (long number in numbers) state = Mix(state + 0x9e3779b97f4a7c15 + (ulong)number);
        return state;
    }
}
