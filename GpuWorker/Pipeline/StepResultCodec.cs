using System.Buffers.Binary;
using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>A step's result on the data plane: 49 bytes, little-endian; the last one says whether there is a validation loss.</summary>
internal static class StepResultCodec
{
    /// <summary>Bytes of a result.</summary>
    public const int Size = 49;

    public static byte[] ToBytes(StepResult result)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, result.Step);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), result.Samples);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), result.Loss);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(16), result.GradientNorm);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), result.DataChecksum);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(32), result.Seconds);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(40), result.ValidationLoss ?? 0);
        bytes[48] = result.ValidationLoss is null ? (byte)0 : (byte)1;
        return bytes;
    }

    public static StepResult FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size) throw new InvalidDataException($"A step result has {Size} bytes, not {bytes.Length}.");
        if (bytes[48] > 1) throw new InvalidDataException($"The last byte of a step result is 0 or 1, not {bytes[48]}.");
        return new StepResult(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[32..]),
            bytes[48] == 1 ? BinaryPrimitives.ReadDoubleLittleEndian(bytes[40..]) : null);
    }
}
