using System.Buffers;
using System.Text;
using Parcae.GpuWorker.Data;

namespace Parcae.GpuWorker.Generation;

/// <summary>Tokens as text, one after the other; characters come out as soon as they are whole.</summary>
/// <param name="tokenizer">What the tokens are.</param>
public sealed class TokenText(ITokenizer tokenizer)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>The characters that a token completes; U+FFFD in place of what is no text, or of a token that the tokenizer does not have.</summary>
    public string Decode(int token)
    {
        if (token < 0 || token >= tokenizer.Vocabulary) return End() + "\uFFFD";
        _bytes.ResetWrittenCount();
        tokenizer.Decode([token], _bytes);
        return Characters(_bytes.WrittenSpan, flush: false);
    }

    /// <summary>What is left of a character that was never completed.</summary>
    public string End() => Characters([], flush: true);

    private string Characters(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush)];
        return new string(characters, 0, _decoder.GetChars(bytes, characters, flush));
    }
}
