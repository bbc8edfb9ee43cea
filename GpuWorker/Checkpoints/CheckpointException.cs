namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A checkpoint file is missing, damaged, or of another model. The message names the file and what is wrong with it.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates an exception that names the file.</summary>
    public CheckpointException(string path, string problem, Exception? cause = null) : base($"Checkpoint {path}: {problem}", cause) => Path = path;

    /// <summary>Creates an exception without a file.</summary>
    public CheckpointException() { }

    /// <summary>Creates an exception with a message of its own.</summary>
    public CheckpointException(string message) : base(message) { }

    /// <summary>Creates an exception with a message and a cause of its own.</summary>
    public CheckpointException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>The file.</summary>
    public string? Path { get; }
}
