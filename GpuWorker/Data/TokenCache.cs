using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Token files in a folder that all workers of a machine share: a 32-byte header (magic, count, checksum), then the tokens. Built once, under a lock
/// file, and renamed into place; a damaged one is built anew.
/// </summary>
internal static class TokenCache
{
    public const int HeaderSize = 32;
    private const ulong Magic = 0x31534e454b4f5450; // "PTOKENS1"

    public sealed record Header(long Tokens, ulong Checksum);

    /// <summary>The cache file of the sources, built when there is none.</summary>
    public static string Ensure(IReadOnlyList<string> sources, string? folder)
    {
        folder ??= Path.Combine(Path.GetTempPath(), "parcae-tokens");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"{Key(sources):x16}.tokens");
        if (IsGood(path)) return path;
        using var turn = Lock(path + ".lock");
        if (!IsGood(path)) Build(sources, path);
        return path;
    }

    /// <summary>The header, or null when the file does not exist, is no token cache, or is cut short.</summary>
    public static Header? ReadHeader(string path)
    {
        if (!File.Exists(path)) return null;
        using var file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderSize];
        if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize) return null;
        if (BinaryPrimitives.ReadUInt64LittleEndian(header) != Magic) return null;
        var read = new Header(BinaryPrimitives.ReadInt64LittleEndian(header[8..]), BinaryPrimitives.ReadUInt64LittleEndian(header[16..]));
        return file.Length == HeaderSize + read.Tokens ? read : null;
    }

    private static bool IsGood(string path)
    {
        if (ReadHeader(path) is not { } header) return false;
        using var file = File.OpenRead(path);
        file.Position = HeaderSize;
        var hash = new XxHash3();
        hash.Append(file);
        return hash.GetCurrentHashAsUInt64() == header.Checksum;
    }

    private static void Build(IReadOnlyList<string> sources, string path)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        using (var file = File.Create(temporary))
        {
            file.Write(stackalloc byte[HeaderSize]);
            foreach (string source in sources) TextSource.Append(source, file);
            long tokens = file.Length - HeaderSize;
            file.Position = HeaderSize;
            var hash = new XxHash3();
            hash.Append(file);
            Span<byte> header = stackalloc byte[HeaderSize];
            header.Clear();
            BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
            BinaryPrimitives.WriteInt64LittleEndian(header[8..], tokens);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], hash.GetCurrentHashAsUInt64());
            file.Position = 0;
            file.Write(header);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static ulong Key(IReadOnlyList<string> sources)
    {
        var hash = new XxHash3();
        hash.Append("text-1\n"u8);
        foreach (string source in sources)
        {
            var info = new FileInfo(source);
            hash.Append(Encoding.UTF8.GetBytes($"{info.FullName}\n{info.Length}\n{info.LastWriteTimeUtc.Ticks}\n"));
        }
        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Waits for the other workers of the machine; an exclusively opened file is free again when its process dies.</summary>
    private static FileStream Lock(string path)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (patience.Elapsed < TimeSpan.FromMinutes(5))
            {
                // The kernel offers no wait on this kind of lock through .NET: look again.
                Thread.Sleep(50);
            }
        }
    }
}
