namespace Parcae.Grains;

/// <summary>A job's checkpoint on an instance's disk, or in its bucket.</summary>
/// <param name="Step">Steps applied.</param>
/// <param name="Bytes">Length of its file.</param>
/// <param name="WrittenAt">When the file was written, by that instance's clock.</param>
/// <param name="InstanceId">The vault that has it.</param>
[GenerateSerializer, Immutable, Alias("parcae.JobCheckpoint")]
public sealed record JobCheckpoint([property: Id(0)] int Step, [property: Id(1)] long Bytes, [property: Id(2)] DateTimeOffset WrittenAt, [property: Id(3)] string InstanceId);

/// <summary>A piece of a checkpoint's file.</summary>
/// <param name="Data">The bytes; fewer than asked for at the end of the file, none beyond it.</param>
/// <param name="Checksum">XxHash128 of them, lower-case hexadecimal.</param>
/// <param name="Length">Length of the whole file.</param>
/// <param name="WrittenAt">When the file was written: pieces with different times are of different files.</param>
[GenerateSerializer, Immutable, Alias("parcae.CheckpointPiece")]
public sealed record CheckpointPiece([property: Id(0)] byte[] Data, [property: Id(1)] string Checksum, [property: Id(2)] long Length, [property: Id(3)] DateTimeOffset WrittenAt)
{
    /// <summary>Most bytes of a piece: 4 MiB.</summary>
    public const int MaxBytes = 4 << 20;
}
