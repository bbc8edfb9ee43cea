using System.Buffers.Binary;
using Parcae.Grains;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>A step's result on the data plane: 40 bytes, little-endian.</summary>
internal static class StepResultCodec
{
    private const int Size = 40;

    public static byte[] ToBytes(StepResult result)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, result.Step);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), result.Samples);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8), result.Loss);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(16), result.GradientNorm);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), result.DataChecksum);
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(32), result.Seconds);
        return bytes;
    }

    public static StepResult FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size) throw new InvalidDataException($"A step result has {Size} bytes, not {bytes.Length}.");
        return new StepResult(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[8..]),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadDoubleLittleEndian(bytes[32..]));
    }
}
