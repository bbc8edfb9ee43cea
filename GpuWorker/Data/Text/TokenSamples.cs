using System.Buffers;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Data;

/// <summary>Samples of a token model: a sequence, and what is to be predicted of it.</summary>
internal sealed class TokenSamples(ITokenWindows windows, ITokenObjective objective) : ISampleSet
{
    public long[] InputShape => [objective.Sequence];

    public ScalarType InputType => ScalarType.Int64;

    public long[] TargetShape => [objective.Sequence];

    public ulong Write(SampleDraw draw, Span<byte> input, Span<long> targets)
    {
        var rented = ArrayPool<long>.Shared.Rent(objective.Length);
        var tokens = rented.AsSpan(0, objective.Length);
        ulong checksum = windows.Read(draw.Record, draw.Number, tokens);
        objective.Write(tokens, draw.Seed, MemoryMarshal.Cast<byte, long>(input), targets);
        ArrayPool<long>.Shared.Return(rented);
        return checksum;
    }

    public void Dispose() => windows.Dispose();
}
