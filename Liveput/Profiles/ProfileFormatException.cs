namespace Parcae.Liveput.Profiles;

/// <summary>A file is not a profile: names the file, the line, the member, its value and what would be right.</summary>
public sealed class ProfileFormatException : FormatException
{
    /// <summary>An error without a place.</summary>
    public ProfileFormatException()
    {
    }

    /// <summary>An error without a place.</summary>
    public ProfileFormatException(string message)
        : base(message)
    {
    }

    /// <summary>An error without a place.</summary>
    public ProfileFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An error at a place of a file.</summary>
    /// <param name="file">The file, as it was named.</param>
    /// <param name="line">From 1; 0 when the error is not at a line.</param>
    /// <param name="path">The member, like <c>measured[3].depth</c>; empty when the error is not in a member.</param>
    /// <param name="problem">What was found, beginning with the member, and what would be right.</param>
    /// <param name="innerException">The cause, or null.</param>
    public ProfileFormatException(string file, int line, string path, string problem, Exception? innerException = null)
        : base($"{file}{(line > 0 ? $":{line}" : "")}: {problem}.", innerException) => (File, Line, Path) = (file, line, path);

    /// <summary>The file, as it was named.</summary>
    public string File { get; } = "";

    /// <summary>The line, from 1; 0 when unknown.</summary>
    public int Line { get; }

    /// <summary>The member, like <c>measured[3].depth</c>; empty when the error is not in a member.</summary>
    public string Path { get; } = "";
}
