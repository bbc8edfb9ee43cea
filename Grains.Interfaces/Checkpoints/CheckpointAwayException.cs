namespace Parcae.Grains;

/// <summary>A checkpoint cannot be had at present: the bucket that has it does not answer, or the disk that it is to lie on is full. Another try may succeed.</summary>
[GenerateSerializer, Alias("parcae.CheckpointAwayException")]
public sealed class CheckpointAwayException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public CheckpointAwayException() { }

    /// <summary>Creates an exception with a message.</summary>
    public CheckpointAwayException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public CheckpointAwayException(string message, Exception innerException) : base(message, innerException) { }
}
