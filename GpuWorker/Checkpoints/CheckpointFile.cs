using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A safetensors file that carries its own checksum: XxHash128 of the whole file with the checksum's digits taken as zeros, in the metadata under
/// <c>xxh128</c>. Any safetensors reader can open it.
/// </summary>
internal sealed class CheckpointFile : IDisposable
{
    /// <summary>What names of files end in that are still being written.</summary>
    public const string Unfinished = ".tmp";

    private const string ChecksumKey = "xxh128";
    private static readonly string NoChecksum = new('0', 32);

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly long _dataStart;

    private CheckpointFile(string path, SafeFileHandle file, SafetensorsHeader header, long dataStart) =>
        (_path, _file, Header, _dataStart) = (path, file, header, dataStart);

    /// <summary>What the file says it holds.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>Writes a file so that it appears whole under its name or not at all.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="metadata">The checksum is added.</param>
    /// <param name="tensors">Name, shape and bytes of every tensor, in the order in which they are stored.</param>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<(string Name, long[] Shape, ReadOnlyMemory<byte> Data)> tensors)
    {
        long at = 0;
        var entries = new List<SafetensorsEntry>(tensors.Count);
        foreach (var (name, shape, data) in tensors) entries.Add(new(name, shape, at, at += data.Length));
        var header = new SafetensorsHeader(new Dictionary<string, string>(metadata) { [ChecksumKey] = NoChecksum }, entries).ToBytes();
        var hash = new XxHash128();
        hash.Append(header);
        foreach (var (_, _, data) in tensors) hash.Append(data.Span);
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash.GetCurrentHash()), header.AsSpan(ChecksumPlace(header, NoChecksum)));

        var temporary = path + Unfinished;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(header);
            foreach (var (_, _, data) in tensors) file.Write(data.Span);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Opens a file and checks all of it.</summary>
    /// <exception cref="CheckpointException">It is missing or damaged.</exception>
    public static CheckpointFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long length = RandomAccess.GetLength(file);
            var size = new byte[8];
            if (length < 8) throw new FormatException($"it ends after {length} bytes.");
            ReadAll(file, size, 0);
            long headerLength = BinaryPrimitives.ReadInt64LittleEndian(size);
            if (headerLength is < 2 or > SafetensorsHeader.MaxLength || headerLength > length - 8)
                throw new FormatException($"its header claims {headerLength} bytes; the file has {length}, and a header at most {SafetensorsHeader.MaxLength}.");
            var bytes = new byte[headerLength];
            ReadAll(file, bytes, 8);
            long dataStart = 8 + headerLength;
            var header = SafetensorsHeader.Parse(bytes, length - dataStart);
            CheckChecksum(file, header, size, bytes, dataStart);
            return new CheckpointFile(path, file, header, dataStart);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new CheckpointException(path, e.Message, e);
        }
    }

    /// <summary>Reads a tensor's bytes.</summary>
    public void Read(SafetensorsEntry entry, Span<byte> into)
    {
        try
        {
            ReadAll(_file, into, _dataStart + entry.Begin);
        }
        catch (Exception e) when (e is FormatException or IOException)
        {
            throw new CheckpointException(_path, $"tensor '{entry.Name}' could not be read: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void CheckChecksum(SafeFileHandle file, SafetensorsHeader header, byte[] size, byte[] json, long dataStart)
    {
        if (!header.Metadata.TryGetValue(ChecksumKey, out var expected) || expected.Length != NoChecksum.Length) throw new FormatException("it carries no checksum.");
        Encoding.ASCII.GetBytes(NoChecksum, json.AsSpan(ChecksumPlace(json, expected)));
        var hash = new XxHash128();
        hash.Append(size);
        hash.Append(json);
        var buffer = new byte[1 << 20];
        long at = dataStart;
        for (int read; (read = RandomAccess.Read(file, buffer, at)) > 0; at += read) hash.Append(buffer.AsSpan(0, read));
        var actual = Convert.ToHexStringLower(hash.GetCurrentHash());
        if (actual != expected) throw new FormatException($"it is damaged: its checksum is {actual}, it says {expected}.");
    }

    private static int ChecksumPlace(ReadOnlySpan<byte> header, string checksum)
    {
        int place = header.IndexOf(Encoding.UTF8.GetBytes($"\"{ChecksumKey}\":\"{checksum}\""));
        return place >= 0 ? place + ChecksumKey.Length + 4 : throw new FormatException("its checksum is not where it should be.");
    }

    private static void ReadAll(SafeFileHandle file, Span<byte> into, long offset)
    {
        while (into.Length > 0)
        {
            int read = RandomAccess.Read(file, into, offset);
            if (read == 0) throw new FormatException($"it ends at byte {offset}, {into.Length} too early.");
            into = into[read..];
            offset += read;
        }
    }
}
