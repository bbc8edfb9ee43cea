using System.Buffers.Binary;
using System.IO.Hashing;

namespace Parcae.GpuWorker.Transport;

/// <summary>State on the wire: chunks of a size that both ends know, each followed by its checksum (XXH3, 64 bits).</summary>
internal static class Chunks
{
    /// <summary>Sends a part of a layer.</summary>
    public static void Write(Wire wire, ReadOnlySpan<byte> part, int chunkBytes)
    {
        Span<byte> checksum = stackalloc byte[8];
        for (int at = 0; at < part.Length; at += chunkBytes)
        {
            var chunk = part.Slice(at, Math.Min(chunkBytes, part.Length - at));
            BinaryPrimitives.WriteUInt64LittleEndian(checksum, XxHash3.HashToUInt64(chunk));
            wire.Write(chunk, checksum);
        }
    }

    /// <summary>Receives a part of a layer.</summary>
    /// <exception cref="EndOfStreamException">The holder closed the connection.</exception>
    /// <exception cref="InvalidDataException">A checksum is wrong.</exception>
    public static void Read(Wire wire, Span<byte> part, int chunkBytes, string holder, int layer)
    {
        Span<byte> checksum = stackalloc byte[8];
        for (int at = 0; at < part.Length; at += chunkBytes)
        {
            var chunk = part.Slice(at, Math.Min(chunkBytes, part.Length - at));
            if (!wire.Read(chunk) || !wire.Read(checksum)) throw new EndOfStreamException($"{holder} closed in the middle of layer {layer}.");
            ulong sent = BinaryPrimitives.ReadUInt64LittleEndian(checksum), received = XxHash3.HashToUInt64(chunk);
            if (sent != received) throw new InvalidDataException($"A chunk of layer {layer} from {holder} has the checksum {received:x16}; {sent:x16} was sent.");
        }
    }
}
