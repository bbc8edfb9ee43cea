using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Sequences with something to learn: after most tokens comes one of four that the token itself decides, after one in eight any token. A sequence is a pure function of
/// (seed, index); which four, of the seed.
/// </summary>
/// <param name="seed">Fixes all sequences.</param>
/// <param name="count">Number of sequences.</param>
/// <param name="vocabulary">Ids are below this.</param>
internal sealed class SyntheticTokens(int seed, long count, int vocabulary) : ITokenWindows
{
    private const int Successors = 4;
    private const long SequenceDraws = 1, SuccessorDraws = 2;

    public long Count => count;

    public ulong Read(long window, long number, Span<long> tokens)
    {
        ulong state = Mixing.Seed(seed, SequenceDraws, window);
        long token = (long)(state % (ulong)vocabulary);
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = token;
            state = Mixing.Seed((long)state, i);
            ulong choice = state >> 3; // the low bits say whether any token comes
            token = state % 8 == 0
                ? (long)(choice % (ulong)vocabulary)
                : (long)(Mixing.Seed(seed, SuccessorDraws, token, (long)(choice % Successors)) % (ulong)vocabulary);
        }

        return SampleHash.Of(number, MemoryMarshal.AsBytes(tokens));
    }

    public void Dispose()
    {
    }
}
