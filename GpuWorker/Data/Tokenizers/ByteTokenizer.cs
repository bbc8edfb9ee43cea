using System.Buffers;

namespace Parcae.GpuWorker.Data;

/// <summary>A token per byte.</summary>
public sealed class ByteTokenizer : ITokenizer
{
    /// <summary>The only one: it has no state.</summary>
    public static readonly ByteTokenizer Instance = new();

    private ByteTokenizer()
    {
    }

    /// <inheritdoc/>
    public string Kind => "bytes";

    /// <inheritdoc/>
    public string Fingerprint => Kind;

    /// <inheritdoc/>
    public int Vocabulary => 256;

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<byte> text, IBufferWriter<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var into = ids.GetSpan(text.Length);
        for (int i = 0; i < text.Length; i++) into[i] = text[i];
        ids.Advance(text.Length);
    }

    /// <inheritdoc/>
    public int Divide(ReadOnlySpan<byte> text) => text.Length;

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<int> ids, IBufferWriter<byte> text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var into = text.GetSpan(ids.Length);
        for (int i = 0; i < ids.Length; i++)
        {
            if (ids[i] is < 0 or > 255) throw new ArgumentOutOfRangeException(nameof(ids), $"There is no token {ids[i]}; bytes have tokens from 0 to 255.");
            into[i] = (byte)ids[i];
        }

        text.Advance(ids.Length);
    }
}
