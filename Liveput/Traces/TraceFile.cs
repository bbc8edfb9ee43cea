namespace Parcae.Liveput.Traces;

/// <summary>Reads traces. The kind of a file is told by its content.</summary>
/// <remarks>
/// JSON: <c>{ "name", "source", "intervalSeconds", "segments": { "LADP": [480, 540] }, "intervals": [[added, removed, available], ...] }</c>.
/// Counts: one count a line. CSV: <c>minute,added,removed,available</c> with or without that header, minutes from 0 without a gap.
/// Events: <c>ms,add|remove,node</c>, in order of time; cut into intervals of 60 s. Empty lines and lines that begin with # are skipped in the text kinds.
/// </remarks>
public static class TraceFile
{
    /// <summary>Length of an interval where a file states none, seconds.</summary>
    public const double DefaultIntervalSeconds = 60;

    /// <summary>Loads a trace from a file.</summary>
    /// <exception cref="TraceFormatException">The file is not a trace.</exception>
    public static AvailabilityTrace Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return Parse(path, File.ReadAllBytes(path));
    }

    /// <summary>Reads a trace from the bytes of a file.</summary>
    /// <param name="file">What errors call the file; also gives the trace its name where the content has none.</param>
    /// <param name="content">UTF-8.</param>
    /// <exception cref="TraceFormatException">The content is not a trace.</exception>
    public static AvailabilityTrace Parse(string file, ReadOnlySpan<byte> content)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        int first = content.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0) throw new TraceFormatException(file, 1, "expected a trace, found an empty file");
        return content[first] is (byte)'{' or (byte)'[' ? TraceJson.Read(file, content) : TraceText.Read(file, System.Text.Encoding.UTF8.GetString(content));
    }
}
