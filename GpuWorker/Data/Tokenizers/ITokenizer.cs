using System.Buffers;
using System.Text;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Turns text into tokens and back. Text is bytes, usually UTF-8: every sequence of bytes can be encoded, and decoding gives the same bytes back. Safe to use
/// from several threads.
/// </summary>
public interface ITokenizer
{
    /// <summary>As in <c>DataSpec.Tokenizers</c>.</summary>
    string Kind { get; }

    /// <summary>Stands for everything that the tokens of a text depend on: the kind and a hash of the vocabulary's content.</summary>
    string Fingerprint { get; }

    /// <summary>Token ids are below this.</summary>
    int Vocabulary { get; }

    /// <summary>Encodes text.</summary>
    /// <param name="text">Bytes.</param>
    /// <param name="ids">Receives the tokens.</param>
    void Encode(ReadOnlySpan<byte> text, IBufferWriter<int> ids);

    /// <summary>
    /// Where long text can be cut: the length of the longest known beginning whose tokens, followed by those of the rest, are the tokens of the whole, whatever
    /// comes after <paramref name="text"/>. 0: no such place is known.
    /// </summary>
    int Divide(ReadOnlySpan<byte> text);

    /// <summary>Decodes tokens.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="text">Receives bytes; a single token's need not be whole characters.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    void Decode(ReadOnlySpan<int> ids, IBufferWriter<byte> text);
}

/// <summary>Shorthands for <see cref="ITokenizer"/>.</summary>
public static class TokenizerExtensions
{
    /// <summary>Encodes a text.</summary>
    public static int[] Encode(this ITokenizer tokenizer, string text)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var ids = new ArrayBufferWriter<int>();
        tokenizer.Encode(Encoding.UTF8.GetBytes(text), ids);
        return ids.WrittenSpan.ToArray();
    }

    /// <summary>Decodes tokens to text; bytes that are not UTF-8 become the replacement character.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such token.</exception>
    public static string Decode(this ITokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var text = new ArrayBufferWriter<byte>();
        tokenizer.Decode(ids, text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }
}
