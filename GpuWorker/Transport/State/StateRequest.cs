using System.Buffers.Binary;

namespace Parcae.GpuWorker.Transport;

/// <summary>Bytes of one layer that are asked for: <paramref name="Length"/> from <paramref name="Offset"/> on, counted over all of its parts in their order.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Version">The version.</param>
/// <param name="Offset">The first byte.</param>
/// <param name="Length">How many; 0 asks only whether the layer is there.</param>
internal readonly record struct StateRequest(int Layer, int Version, long Offset, long Length)
{
    /// <summary>Bytes of a request on the wire.</summary>
    public const int Size = 24;

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Layer);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], Length);
    }

    /// <exception cref="InvalidDataException">A number is negative.</exception>
    public static StateRequest Read(ReadOnlySpan<byte> bytes)
    {
        var request = new StateRequest(
            BinaryPrimitives.ReadInt32LittleEndian(bytes),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]));
        return request is { Layer: >= 0, Version: >= 0, Offset: >= 0, Length: >= 0 } ? request : throw new InvalidDataException($"It asked for {request}; none of the numbers may be negative.");
    }

    /// <exception cref="InvalidDataException">The layer ends before.</exception>
    public void CheckWithin(long total)
    {
        // Neither can overflow: nothing here is negative.
        if (Offset > total || Length > total - Offset) throw new InvalidDataException($"It asked for {this}; the layer has {total} bytes.");
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Length} bytes from {Offset} on of layer {Layer} at version {Version}";
}
