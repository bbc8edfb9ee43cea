using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Microsoft.ML.Tokenizers;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Byte-level byte-pair encoding as GPT-2's. All text is ordinary text: a token such as <c>&lt;|endoftext|&gt;</c> is never made from its name. Bytes that are not
/// UTF-8 are single-byte tokens, so every sequence of bytes comes back.
/// </summary>
internal sealed class BytePairTokenizer : ITokenizer
{
    // Prose has few different words: nearly all of a text is looked up.
    private const int WordsKept = 1 << 16, LongestKept = 32;

    private readonly BpeTokenizer _tokenizer;
    private readonly Dictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly byte[]?[] _texts;
    private readonly int[] _bytes = new int[256];

    public BytePairTokenizer(BytePairVocabulary vocabulary)
    {
        Fingerprint = $"{Kind}-{vocabulary.Hash}";
        Vocabulary = vocabulary.Ids.Values.Max() + 1;
        _tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary.Ids) { Merges = vocabulary.Merges, ByteLevel = true });
        _texts = new byte[]?[Vocabulary];
        foreach (var (token, id) in vocabulary.Ids) _texts[id] = Text(token);
        for (int b = 0; b < 256; b++) _bytes[b] = vocabulary.Ids[ByteAlphabet.Of((byte)b).ToString()];
    }

    public string Kind => "bpe";

    public string Fingerprint { get; }

    public int Vocabulary { get; }

    public void Encode(ReadOnlySpan<byte> text, IBufferWriter<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var rented = ArrayPool<char>.Shared.Rent(text.Length);
        lock (_words)
        {
            var known = _words.GetAlternateLookup<ReadOnlySpan<char>>();
            while (text.Length > 0)
            {
                Utf8.ToUtf16(text, rented, out int read, out int written, replaceInvalidSequences: false);
                for (ReadOnlySpan<char> rest = rented.AsSpan(0, written); rest.Length > 0;)
                {
                    var word = rest[..Words.FirstLength(rest)];
                    ids.Write(known.TryGetValue(word, out var found) ? found : EncodeWord(word));
                    rest = rest[word.Length..];
                }

                if (read < text.Length) ids.Write([_bytes[text[read++]]]);
                text = text[read..];
            }
        }

        ArrayPool<char>.Shared.Return(rented);
    }

    // No word goes on from something else into a space, and what follows a word does not change how it is cut.
    public int Divide(ReadOnlySpan<byte> text)
    {
        for (int at = text.Length - 1; at > 0; at--)
        {
            if (text[at] is not ((byte)' ' or (>= (byte)'\t' and <= (byte)'\r'))) continue;
            bool space = Rune.DecodeLastFromUtf8(text[..at], out var before, out _) == OperationStatus.Done && Rune.IsWhiteSpace(before);
            if (!space) return at;
        }

        return 0;
    }

    public void Decode(ReadOnlySpan<int> ids, IBufferWriter<byte> text)
    {
        foreach (int id in ids)
        {
            var bytes = id >= 0 && id < Vocabulary ? _texts[id] : null;
            text.Write(bytes ?? throw new ArgumentOutOfRangeException(nameof(ids), $"There is no token {id} in the vocabulary, whose ids are below {Vocabulary}."));
        }
    }

    // Tokens that are never made from text may be written in any characters.
    private static byte[] Text(string token)
    {
        var bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            if (!ByteAlphabet.TryByte(token[i], out bytes[i])) return Encoding.UTF8.GetBytes(token);
        }

        return bytes;
    }

    private int[] EncodeWord(ReadOnlySpan<char> word)
    {
        int[] ids = [.. _tokenizer.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false)];
        if (word.Length <= LongestKept && _words.Count < WordsKept) _words.Add(word.ToString(), ids);
        return ids;
    }
}
