using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// The token cache of a machine: one file per text source, a header (magic, length, checksum) and the tokens. Built under a lock that all of
/// the machine's processes share, and put in place by a rename: a file under its name is whole, and damage since then shows in the checksum.
/// </summary>
internal static class TokenCache
{
    /// <summary>Bytes before the first token.</summary>
    public const int HeaderSize = 64;

    // Grows with any change to how text becomes tokens.
    private const int FormatVersion = 1;

    private static ReadOnlySpan<byte> Magic => "PARCTOK1"u8;

    /// <summary>What a cache file says of itself.</summary>
    public readonly record struct Header(long Tokens, ulong Checksum);

    /// <summary>The source's cache file, built if need be.</summary>
    public static (string Path, Header Header) Ensure(ITextSource source, string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{Key(source)}.tokens");
        if (TryReadValid(path, out var header)) return (path, header);

        using var mutex = new Mutex(initiallyOwned: false, $@"Global\parcae-{Convert.ToHexString(XxHash128.Hash(Encoding.UTF8.GetBytes(Path.GetFullPath(path))))}");
        try
        {
            mutex.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its holder was killed while building. The lock is ours now, and what it left is a temporary file that nobody reads.
        }

        try
        {
            if (!TryReadValid(path, out header)) header = Build(source, path); // another worker may have built it meanwhile
            return (path, header);
        }
        finally
        {
            mutex.ReleaseMutex();
        }
    }

    // The name stands for everything that the tokens depend on.
    private static string Key(ITextSource source)
    {
        var hash = new XxHash128();
        void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(text + "\n"));
        Add(FormatVersion.ToString(CultureInfo.InvariantCulture));
        Add(source.Kind);
        foreach (var file in source.Files) Add($"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    private static Header Build(ITextSource source, string path)
    {
        var temporary = path + ".tmp"; // the lock is ours; a killed builder's is overwritten
        var hash = new XxHash3();
        long tokens = 0;
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
        {
            file.Write(new byte[HeaderSize]);
            source.Read(text =>
            {
                hash.Append(text);
                tokens += text.Length;
                file.Write(text);
            });
            if (tokens == 0) throw new InvalidDataException($"{source.Description} holds no text.");
            Span<byte> header = stackalloc byte[HeaderSize];
            header.Clear();
            Magic.CopyTo(header);
            BinaryPrimitives.WriteInt64LittleEndian(header[8..], tokens);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], hash.GetCurrentHashAsUInt64());
            file.Position = 0;
            file.Write(header);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
        return new Header(tokens, hash.GetCurrentHashAsUInt64());
    }

    private static bool TryReadValid(string path, out Header header)
    {
        header = default;
        if (!File.Exists(path)) return false;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 20);
        Span<byte> head = stackalloc byte[HeaderSize];
        if (file.ReadAtLeast(head, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !head.StartsWith(Magic)) return false;
        header = new Header(BinaryPrimitives.ReadInt64LittleEndian(head[8..]), BinaryPrimitives.ReadUInt64LittleEndian(head[16..]));
        if (header.Tokens < 1 || header.Tokens != file.Length - HeaderSize) return false;
        var hash = new XxHash3();
        hash.Append(file);
        return hash.GetCurrentHashAsUInt64() == header.Checksum;
    }
}
