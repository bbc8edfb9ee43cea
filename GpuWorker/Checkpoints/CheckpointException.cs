namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A checkpoint cannot be used; the message names the file and what is wrong with it.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public CheckpointException() { }

    /// <summary>Creates the exception.</summary>
    public CheckpointException(string message) : base(message) { }

    /// <summary>Creates the exception with its cause.</summary>
    public CheckpointException(string message, Exception innerException) : base(message, innerException) { }
}
