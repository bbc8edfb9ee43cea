namespace Parcae.Liveput.Traces;

/// <summary>A file is not a trace: names the file, the line and what was expected.</summary>
public sealed class TraceFormatException : FormatException
{
    /// <summary>An error without a place.</summary>
    public TraceFormatException()
    {
    }

    /// <summary>An error without a place.</summary>
    public TraceFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An error without a place.</summary>
    public TraceFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error at a line of a file.</summary>
    /// <param name="file">The file, as it was named.</param>
    /// <param name="line">From 1.</param>
    /// <param name="problem">What was expected and what was found.</param>
    /// <param name="innerException">The cause, or null.</param>
    public TraceFormatException(string file, int line, string problem, Exception? innerException = null)
        : base($"{file}:{line}: {problem}.", innerException) => (File, Line) = (file, line);

    /// <summary>The file, as it was named.</summary>
    public string File { get; } = "";

    /// <summary>The line, from 1; 0 when unknown.</summary>
    public int Line { get; }
}
