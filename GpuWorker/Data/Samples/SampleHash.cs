using System.Buffers.Binary;
using System.IO.Hashing;

namespace Parcae.GpuWorker.Data;

/// <summary>The checksum of one sample.</summary>
internal static class SampleHash
{
    /// <summary>Hash of a sample's number and its content.</summary>
    public static ulong Of(long number, ReadOnlySpan<byte> content)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return XxHash3.HashToUInt64(content, (long)XxHash3.HashToUInt64(bytes));
    }
}
