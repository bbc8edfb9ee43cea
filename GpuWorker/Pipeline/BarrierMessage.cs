using System.Buffers.Binary;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// What one replica contributes to the commit barrier of a step. The stage's replicas exchange theirs first, then the members of each pipeline exchange
/// the merged ones: whoever gets past knows that every replica of every stage has its reduced gradients.
/// </summary>
internal sealed record BarrierMessage
{
    private const int HeaderSize = 29;

    /// <summary>Somebody was asked to stop after this step.</summary>
    public required bool Stop { get; init; }

    /// <summary>Hash over the samples that were read (first stage only).</summary>
    public required ulong DataChecksum { get; init; }

    /// <summary>Samples that were read (first stage only).</summary>
    public required int Samples { get; init; }

    /// <summary>Index of the first entry of <see cref="Losses"/> among the micro-batches.</summary>
    public required int FirstMicroBatch { get; init; }

    /// <summary>Loss of each micro-batch of the block (last stage only).</summary>
    public required double[] Losses { get; init; }

    /// <summary>Sum of squares of the mean gradient, per layer of the stage; equal on all replicas of the stage.</summary>
    public required double[] LayerSquares { get; init; }

    /// <summary>Loss of each micro-batch of validation samples of the block (last stage only); empty where none were measured.</summary>
    public required double[] ValidationLosses { get; init; }

    /// <summary>Merges the contributions of a stage's replicas, given in order of their pipelines.</summary>
    public static BarrierMessage MergeStage(IReadOnlyList<BarrierMessage> replicas) => new()
    {
        Stop = replicas.Any(r => r.Stop),
        DataChecksum = replicas.Aggregate(0UL, (sum, r) => unchecked(sum + r.DataChecksum)),
        Samples = replicas.Sum(r => r.Samples),
        FirstMicroBatch = replicas[0].FirstMicroBatch,
        Losses = [.. replicas.SelectMany(r => r.Losses)],
        LayerSquares = replicas[0].LayerSquares,
        ValidationLosses = [.. replicas.SelectMany(r => r.ValidationLosses)],
    };

    /// <summary>Little-endian: flags, checksum, samples, first micro-batch, counts, then the float64 values.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + 8 * (Losses.Length + LayerSquares.Length + ValidationLosses.Length)];
        var span = bytes.AsSpan();
        span[0] = Stop ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(span[1..], DataChecksum);
        BinaryPrimitives.WriteInt32LittleEndian(span[9..], Samples);
        BinaryPrimitives.WriteInt32LittleEndian(span[13..], FirstMicroBatch);
        BinaryPrimitives.WriteInt32LittleEndian(span[17..], Losses.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[21..], LayerSquares.Length);
        BinaryPrimitives.WriteInt32LittleEndian(span[25..], ValidationLosses.Length);
        int at = HeaderSize;
        foreach (double value in Losses.Concat(LayerSquares).Concat(ValidationLosses))
        {
            BinaryPrimitives.WriteDoubleLittleEndian(span[at..], value);
            at += 8;
        }
        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The length does not fit the counts.</exception>
    public static BarrierMessage FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize) throw new InvalidDataException($"A barrier message has at least {HeaderSize} bytes, not {bytes.Length}.");
        int losses = BinaryPrimitives.ReadInt32LittleEndian(bytes[17..]), squares = BinaryPrimitives.ReadInt32LittleEndian(bytes[21..]);
        int validations = BinaryPrimitives.ReadInt32LittleEndian(bytes[25..]);
        if (losses < 0 || squares < 0 || validations < 0 || bytes.Length != HeaderSize + 8L * losses + 8L * squares + 8L * validations)
            throw new InvalidDataException($"A barrier message of {losses} losses, {squares} layers and {validations} validation losses does not have {bytes.Length} bytes.");
        return new()
        {
            Stop = bytes[0] != 0,
            DataChecksum = BinaryPrimitives.ReadUInt64LittleEndian(bytes[1..]),
            Samples = BinaryPrimitives.ReadInt32LittleEndian(bytes[9..]),
            FirstMicroBatch = BinaryPrimitives.ReadInt32LittleEndian(bytes[13..]),
            Losses = Doubles(bytes.Slice(HeaderSize, 8 * losses)),
            LayerSquares = Doubles(bytes.Slice(HeaderSize + 8 * losses, 8 * squares)),
            ValidationLosses = Doubles(bytes[(HeaderSize + 8 * (losses + squares))..]),
        };
    }

    private static double[] Doubles(ReadOnlySpan<byte> bytes)
    {
        var values = new double[bytes.Length / 8];
        for (int i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
        return values;
    }
}
