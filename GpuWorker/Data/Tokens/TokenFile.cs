using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// The format of a token cache file: a header of <see cref="HeaderSize"/> bytes (magic with version, number of tokens, checksum of the tokens, width of one) and
/// the tokens, little-endian, each as wide as the vocabulary needs.
/// </summary>
/// <param name="Tokens">Number of tokens.</param>
/// <param name="Checksum">XxHash3 of the tokens' bytes.</param>
/// <param name="Width">Bytes of a token: 1, 2 or 4.</param>
internal readonly record struct TokenFile(long Tokens, ulong Checksum, int Width)
{
    /// <summary>Bytes before the first token.</summary>
    public const int HeaderSize = 64;

    private const int TokensAt = 8, ChecksumAt = 16, WidthAt = 24;

    private static ReadOnlySpan<byte> Magic => "PARCTOK2"u8;

    /// <summary>The narrowest width that holds every token of a vocabulary.</summary>
    public static int WidthFor(int vocabulary) => vocabulary <= 1 << 8 ? 1 : vocabulary <= 1 << 16 ? 2 : 4;

    /// <summary>Writes the header.</summary>
    /// <param name="into"><see cref="HeaderSize"/> bytes.</param>
    public void Write(Span<byte> into)
    {
        into.Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteInt64LittleEndian(into[TokensAt..], Tokens);
        BinaryPrimitives.WriteUInt64LittleEndian(into[ChecksumAt..], Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(into[WidthAt..], Width);
    }

    /// <summary>Reads a whole file and checks everything: that it is what it says, and that its tokens are of the vocabulary.</summary>
    /// <returns>Null where anything is wrong.</returns>
    public static TokenFile? ReadValid(Stream file, int vocabulary)
    {
        Span<byte> head = stackalloc byte[HeaderSize];
        if (file.ReadAtLeast(head, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !head.StartsWith(Magic)) return null;
        var header = new TokenFile(
            BinaryPrimitives.ReadInt64LittleEndian(head[TokensAt..]), BinaryPrimitives.ReadUInt64LittleEndian(head[ChecksumAt..]), BinaryPrimitives.ReadInt32LittleEndian(head[WidthAt..]));
        long bytes = file.Length - HeaderSize;
        // A division, because a count from a hostile file may overflow a product.
        if (header.Width != WidthFor(vocabulary) || header.Tokens < 1 || bytes % header.Width != 0 || header.Tokens != bytes / header.Width) return null;
        var hash = new XxHash3();
        var buffer = new byte[1 << 20];
        for (int read; (read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
        {
            var piece = buffer.AsSpan(0, read);
            hash.Append(piece);
            if (read % header.Width != 0 || Highest(piece, header.Width) >= vocabulary) return null;
        }

        return hash.GetCurrentHashAsUInt64() == header.Checksum ? header : null;
    }

    private static uint Highest(ReadOnlySpan<byte> tokens, int width) => width switch
    {
        1 => TensorPrimitives.Max(tokens),
        2 => TensorPrimitives.Max(MemoryMarshal.Cast<byte, ushort>(tokens)),
        _ => TensorPrimitives.Max(MemoryMarshal.Cast<byte, uint>(tokens)),
    };
}
