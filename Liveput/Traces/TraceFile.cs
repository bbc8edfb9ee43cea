using Parcae.Liveput.Traces.Formats;

namespace Parcae.Liveput.Traces;

/// <summary>Reads traces. The kind of a file is told by its content, never by its name.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Our JSON: <c>{ "name", "source", "intervalSeconds", "segments": { "LADP": [480, 540] }, "intervals": [[added, removed, available], ...],
/// "zones": { "a": [[added, removed, available], ...] } }</c>. All but the intervals may be left out; those too where there are zones, which add up to them.</item>
/// <item>A JSON object with a member <c>trace</c> that holds such a trace, as a plan file does; its other members are not looked at.</item>
/// <item>Gap JSON: <c>{ "metadata": { "gap_seconds": 60 }, "data": [count, ...] }</c>; other members are not looked at.</item>
/// <item>Counts: one count a line.</item>
/// <item>CSV: <c>minute,added,removed,available</c> with or without that header; minutes (intervals) from 0 without a gap.</item>
/// <item>Events: <c>ms,add|remove,node</c>, in order of time; cut into intervals.</item>
/// </list>
/// In the text kinds empty lines and lines that begin with # are skipped; before the first row, <c># intervalSeconds=30</c> gives the length of an interval and
/// <c># intervals=480</c> the least number of intervals of an event list, whose last event need not be at its end. What a file may hold at most is in <see cref="TraceLimits"/>.
/// </remarks>
public static class TraceFile
{
    /// <summary>Length of an interval where neither a file nor the caller states one, seconds.</summary>
    public const double DefaultIntervalSeconds = 60;

    /// <summary>Loads a trace from a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What to assume where the file does not say it.</param>
    /// <exception cref="TraceFormatException">The file is not a trace, or is too large.</exception>
    public static AvailabilityTrace Load(string path, TraceReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var file = File.OpenRead(path);
        // The length is only a claim where the file is a pipe or a device: it is also watched while reading.
        if (file.CanSeek && file.Length > TraceLimits.MaxFileBytes) throw TooLarge(path, $"{file.Length}");
        using var content = new MemoryStream(file.CanSeek ? (int)file.Length : 0);
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            if (content.Length + read > TraceLimits.MaxFileBytes) throw TooLarge(path, "more");
            content.Write(buffer, 0, read);
        }

        return Parse(path, content.GetBuffer().AsSpan(0, (int)content.Length), options);
    }

    /// <summary>Reads a trace from the bytes of a file.</summary>
    /// <param name="file">What errors call the file; also gives the trace its name where the content has none.</param>
    /// <param name="content">UTF-8.</param>
    /// <param name="options">What to assume where the content does not say it.</param>
    /// <exception cref="TraceFormatException">The content is not a trace, or is too large.</exception>
    public static AvailabilityTrace Parse(string file, ReadOnlySpan<byte> content, TraceReadOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        options ??= new TraceReadOptions();
        options.Validate();
        if (content.Length > TraceLimits.MaxFileBytes) throw TooLarge(file, $"{content.Length}");
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        int first = content.IndexOfAnyExcept(" \t\r\n"u8);
        if (first < 0) throw new TraceFormatException(file, 1, "expected a trace, found an empty file");
        return content[first] is (byte)'{' or (byte)'[' ? TraceJson.Read(file, content, options) : TraceText.Read(file, content, options);
    }

    /// <summary>What a trace is called that has no name of its own.</summary>
    internal static string NameOf(string file) => Path.GetFileNameWithoutExtension(file) is var stem && !string.IsNullOrWhiteSpace(stem) ? stem : file;

    private static TraceFormatException TooLarge(string file, string bytes) =>
        new(file, 1, $"expected at most {TraceLimits.MaxFileBytes} bytes, found {bytes}");
}
