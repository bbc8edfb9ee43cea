using System.Buffers.Binary;
using System.IO.Hashing;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// The 40 bytes before every payload, little-endian: magic, kind, flags, two zero bytes, generation, step, index, part, length, four zero bytes, and the
/// XXH3-64 of the payload, seeded with the fields before it, so that one checksum covers both.
/// </summary>
internal readonly record struct FrameHeader(FrameKind Kind, byte Flags, int Generation, int Step, int Index, int Part, int Length, ulong Checksum)
{
    public const int Size = 40;
    private const uint Magic = 0x32465250; // "PRF2"
    private const int ChecksumAt = 32;

    public FrameKey Key => new(Kind, Step, Index, Part);

    /// <summary>Writes the header of <paramref name="payload"/> with its checksum; returns the checksum.</summary>
    public static ulong Write(Span<byte> header, FrameKey key, byte flags, int generation, ReadOnlySpan<byte> payload)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        header[4] = (byte)key.Kind;
        header[5] = flags;
        header[6] = header[7] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], generation);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], key.Step);
        BinaryPrimitives.WriteInt32LittleEndian(header[16..], key.Index);
        BinaryPrimitives.WriteInt32LittleEndian(header[20..], key.Part);
        BinaryPrimitives.WriteInt32LittleEndian(header[24..], payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[28..], 0);
        ulong checksum = ChecksumOf(header, payload);
        BinaryPrimitives.WriteUInt64LittleEndian(header[ChecksumAt..], checksum);
        return checksum;
    }

    /// <summary>Reads a header and checks what can be checked before the payload is there.</summary>
    /// <exception cref="FrameException">It is no frame of this generation, or too long.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> header, int generation, int maxLength)
    {
        uint magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (magic != Magic) throw new FrameException($"The frame begins with {magic:x8} where {Magic:x8} is due.");
        if (header[6] != 0 || header[7] != 0 || BinaryPrimitives.ReadInt32LittleEndian(header[28..]) != 0) throw new FrameException("The frame's reserved bytes are not zero.");
        var read = new FrameHeader(
            (FrameKind)header[4],
            header[5],
            BinaryPrimitives.ReadInt32LittleEndian(header[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[20..]),
            BinaryPrimitives.ReadInt32LittleEndian(header[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[ChecksumAt..]));
        if (read.Generation != generation) throw new FrameException($"A frame of generation {read.Generation} came over a connection of generation {generation}.");
        if (read.Length < 0 || read.Length > maxLength) throw new FrameException($"A frame of {read.Length} bytes exceeds the maximum of {maxLength}.");
        return read;
    }

    /// <summary>Checks the payload against the header that came before it.</summary>
    /// <exception cref="FrameException">They do not belong together.</exception>
    public void Verify(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        ulong actual = ChecksumOf(header, payload);
        if (actual != Checksum) throw new FrameException($"The checksum of frame '{Key}' ({Length} bytes) is {actual:x16}, its header says {Checksum:x16}.");
    }

    private static ulong ChecksumOf(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) =>
        XxHash3.HashToUInt64(payload, (long)XxHash3.HashToUInt64(header[..ChecksumAt]));
}

/// <summary>Bytes that are not a valid frame: the connection they came over is closed.</summary>
internal sealed class FrameException(string message) : Exception(message);
