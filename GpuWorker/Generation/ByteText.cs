using System.Text;

namespace Parcae.GpuWorker.Generation;

/// <summary>Text as bytes, a token each, and back; characters come out as soon as they are whole.</summary>
public sealed class ByteText
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    /// <summary>A text's tokens.</summary>
    public static IReadOnlyList<int> Encode(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];

    /// <summary>The characters that a token completes; U+FFFD in place of what is no text.</summary>
    public string Decode(int token) => token is >= 0 and < 256 ? Decode([(byte)token], flush: false) : Decode([], flush: true) + "\uFFFD";

    /// <summary>What is left of a character that was never completed.</summary>
    public string End() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        Span<char> characters = stackalloc char[4];
        return characters[.._decoder.GetChars(bytes, characters, flush)].ToString();
    }
}
