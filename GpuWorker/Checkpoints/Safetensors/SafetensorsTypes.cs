using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>The types of elements that safetensors names.</summary>
internal static class SafetensorsTypes
{
    /// <summary>float32: what checkpoints hold.</summary>
    public const string Float32 = "F32";

    private const string Float16 = "F16", BFloat16 = "BF16";

    /// <summary>Bytes of one element; null: there is no such type.</summary>
    public static int? BytesOf(string? type) => type switch
    {
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" => 1,
        "I16" or "U16" or Float16 or BFloat16 => 2,
        "I32" or "U32" or Float32 => 4,
        "I64" or "U64" or "F64" => 8,
        _ => null,
    };

    /// <summary>Whether <see cref="ToFloats"/> knows the type: F32, F16 and BF16, each of whose values is a float32.</summary>
    public static bool IsFloat(string type) => type is Float32 or Float16 or BFloat16;

    /// <summary>Elements as float32, none of them rounded.</summary>
    /// <param name="type">Of which <see cref="IsFloat"/> holds.</param>
    /// <param name="bytes">Little-endian.</param>
    /// <param name="floats">As many elements.</param>
    public static void ToFloats(string type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        switch (type)
        {
            case Float32:
                bytes.CopyTo(MemoryMarshal.AsBytes(floats));
                break;
            case Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), floats);
                break;
            case BFloat16:
                // The upper half of a float32.
                var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                var words = MemoryMarshal.Cast<float, uint>(floats);
                for (int i = 0; i < halves.Length; i++) words[i] = (uint)halves[i] << 16;
                break;
            default:
                throw new ArgumentException($"{type} is not one of {Float32}, {Float16}, {BFloat16}.", nameof(type));
        }
    }
}
