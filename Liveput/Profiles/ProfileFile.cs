using System.Text;
using System.Text.Unicode;

using Parcae.Liveput.Profiles.Reading;

namespace Parcae.Liveput.Profiles;

/// <summary>Reads and writes measured profiles as JSON; the published schema is docs/profile.schema.json, see <see cref="ProfileSchema"/>.</summary>
/// <remarks>
/// Needed are <c>model</c>, <c>globalBatch</c>, <c>layers</c> and <c>measured</c>. With <c>modelBuildMs</c> a profile also carries the constants of reconfiguration; where <c>groups</c> or <c>transferMs</c> are
/// not stated, those measured for the Parcae artifact are taken. Depths outside of <c>pipelineDepth</c> and excluded values are left out of the measured strategies. What a file may hold at most is in
/// <see cref="ProfileLimits"/>. Comments and trailing commas are read too.
/// </remarks>
public static class ProfileFile
{
    /// <summary>Bandwidth taken where a profile states none: 10 Gb/s, in bytes per second.</summary>
    public const double DefaultLinkBytesPerSecond = 1.25e9;

    /// <summary>Loads a profile.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ProfileFormatException">It is not a profile; the message names the file, the member and what would be right.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static PlanningProfile Load(string path) => ReadDocument(path).ToProfile();

    /// <summary>Reads a profile from the bytes of a file.</summary>
    /// <param name="file">What errors call the file.</param>
    /// <param name="content">UTF-8.</param>
    /// <exception cref="ProfileFormatException">It is not a profile; the message names the file, the member and what would be right.</exception>
    public static PlanningProfile Parse(string file, ReadOnlySpan<byte> content) => ParseDocument(file, content).ToProfile();

    /// <summary>Loads a profile as it stands in its file, with what the planner does not need.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ProfileFormatException">It is not a profile; the message names the file, the member and what would be right.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static ProfileDocument ReadDocument(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder; a profile must be a file.");
        using var file = File.OpenRead(path);
        // The length is only a claim where the file is a pipe or a device: it is also watched while reading.
        if (file.CanSeek && file.Length > ProfileLimits.MaxFileBytes) throw TooLarge(path, $"{file.Length}");
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = file.Read(buffer)) > 0;)
        {
            if (content.Length + read > ProfileLimits.MaxFileBytes) throw TooLarge(path, "more");
            content.Write(buffer, 0, read);
        }

        return ParseDocument(path, content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    /// <summary>Reads a profile as it stands in the bytes of a file.</summary>
    /// <param name="file">What errors call the file.</param>
    /// <param name="content">UTF-8.</param>
    /// <exception cref="ProfileFormatException">It is not a profile; the message names the file, the member and what would be right.</exception>
    public static ProfileDocument ParseDocument(string file, ReadOnlySpan<byte> content)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        if (content.Length > ProfileLimits.MaxFileBytes) throw TooLarge(file, $"{content.Length}");
        if (content.StartsWith("\uFEFF"u8)) content = content[3..];
        if (content.IndexOfAnyExcept(" \t\r\n"u8) < 0) throw new ProfileFormatException(file, 1, "", "it is empty; it must be a JSON object with model, globalBatch, layers and measured");
        if (!Utf8.IsValid(content)) throw NotUtf8(file, content);
        return ProfileReader.Read(file, content);
    }

    /// <summary>Writes a profile to a file, over what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="document">The profile.</param>
    /// <exception cref="ArgumentException">It could not be read again; the message names the member and what would be right. Nothing was written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public static void Save(string path, ProfileDocument document)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        File.WriteAllText(path, ProfileWriter.Text(document));
    }

    private static ProfileFormatException TooLarge(string file, string bytes) =>
        new(file, 0, "", $"it holds {bytes} bytes; a profile must have at most {ProfileLimits.MaxFileBytes}");

    private static ProfileFormatException NotUtf8(string file, ReadOnlySpan<byte> content)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(content[at..], out _, out int length) == System.Buffers.OperationStatus.Done) at += length;
        return new ProfileFormatException(file, content[..at].Count((byte)'\n') + 1, "", $"byte {at} is 0x{content[at]:X2}, which is not UTF-8; a profile must be UTF-8");
    }
}
