using System.Buffers.Binary;
using System.IO.Hashing;

namespace Parcae.GpuWorker.Transport;

/// <summary>State on the wire: chunks of a size that both ends know, each followed by its checksum (XXH3, 64 bits).</summary>
internal static class Chunks
{
    /// <summary>Longest piece in chunks: what goes between a device and the host at once.</summary>
    private const int PieceChunks = 16;

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

    /// <summary>Cuts a range of a layer into pieces that each lie within one part. Chunks begin anew with every piece, so both ends cut alike.</summary>
    /// <param name="parts">Bytes of each part.</param>
    /// <param name="offset">First byte of the range, over all parts; the range ends within them.</param>
    /// <param name="length">Bytes of the range.</param>
    /// <param name="chunkBytes">Bytes of a chunk.</param>
    public static IEnumerable<(int Part, long Offset, int Length)> Pieces(IReadOnlyList<long> parts, long offset, long length, int chunkBytes)
    {
        long longest = Math.Min((long)chunkBytes * PieceChunks, int.MaxValue);
        for (int part = 0; part < parts.Count && length > 0; part++)
        {
            while (offset < parts[part] && length > 0)
            {
                int piece = (int)Math.Min(Math.Min(parts[part] - offset, length), longest);
                yield return (part, offset, piece);
                offset += piece;
                length -= piece;
            }

            offset -= parts[part];
        }
    }
}
