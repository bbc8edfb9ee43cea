using System.Buffers;
using CsCheck;
using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class BytePairTokenizerTests : IDisposable
{
    private static readonly string[] Merges = ["h e", "l l", "he ll", "hell o", "Ġ hello", "Ġ Ġ", "Ġ w", "o r"];
    private readonly TemporaryFolder _folder = new();
    private readonly ITokenizer _tokenizer;

    public BytePairTokenizerTests() => _tokenizer = Tokenizers.Open(VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(Merges), Merges));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hello", new[] { 259 })]
    [InlineData(" hello", new[] { 260 })]
    [InlineData("hello hello  hello", new[] { 259, 260, 255 - ' ', 260 })] // one of two spaces belongs to the word
    [InlineData("   world\n", new[] { 261, 262, 263, 255 - 'l', 255 - 'd', 255 - '\n' })]
    [InlineData("ü", new[] { 255 - 0xc3, 255 - 0xbc })]
    [InlineData("hell'oor", new[] { 258, 255 - '\'', 255 - 'o', 263 })] // no merge across words
    [InlineData("lll", new[] { 257, 255 - 'l' })] // the first pair wins
    public void A_text_has_the_tokens_that_its_merges_give(string text, int[] ids) => Assert.Equal(ids, _tokenizer.Encode(text));

    [Fact]
    public void Any_bytes_come_back() => Gen.OneOf<byte>(Gen.Byte, Gen.OneOf(" hel\xf0\x9f\x98\x80".Select(c => (byte)c).ToArray())).Array[0, 60].Sample(bytes =>
    {
        var ids = new ArrayBufferWriter<int>();
        _tokenizer.Encode(bytes, ids);
        var back = new ArrayBufferWriter<byte>();
        _tokenizer.Decode(ids.WrittenSpan, back);
        Assert.Equal(bytes, back.WrittenSpan.ToArray());
    });

    [Fact]
    public void Any_text_comes_back() => Gen.String.Sample(text =>
    {
        // Halves of surrogate pairs are not text.
        if (text.EnumerateRunes().All(r => r != System.Text.Rune.ReplacementChar)) Assert.Equal(text, _tokenizer.Decode(_tokenizer.Encode(text)));
    });

    [Fact]
    public void A_word_of_a_hundred_thousand_letters_is_cut_and_comes_back()
    {
        var text = string.Concat(Enumerable.Repeat("hello", 20_000));
        var ids = _tokenizer.Encode(text);
        Assert.Equal(text, _tokenizer.Decode(ids));
        Assert.InRange(ids.Length, 20_000, 20_000 + 100); // few tokens more than one per hello
    }

    [Fact]
    public void A_token_that_does_not_exist_is_refused_with_its_number()
    {
        Assert.Equal(264, _tokenizer.Vocabulary);
        Assert.Contains("no token 264", Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.Decode([1, 264])).Message);
        Assert.Contains("no token -1", Assert.Throws<ArgumentOutOfRangeException>(() => _tokenizer.Decode([-1])).Message);
        Assert.Contains("no token 256", Assert.Throws<ArgumentOutOfRangeException>(() => ByteTokenizer.Instance.Decode([256])).Message);
    }

    [Fact]
    public void The_fingerprint_changes_with_either_file()
    {
        var fingerprints = new HashSet<string> { ByteTokenizer.Instance.Fingerprint, _tokenizer.Fingerprint };
        fingerprints.Add(Tokenizers.Open(VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(Merges, 300), Merges)).Fingerprint);
        fingerprints.Add(Tokenizers.Open(VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(Merges), Merges.Reverse())).Fingerprint);
        Assert.Equal(4, fingerprints.Count);
        Assert.Contains(Tokenizers.Open(VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(Merges), Merges)).Fingerprint, fingerprints);
    }

    [Fact]
    public void The_first_encoding_and_the_remembered_one_are_the_same()
    {
        var first = _tokenizer.Encode("hello world hello");
        Parallel.For(0, 16, _ => Assert.Equal(first, _tokenizer.Encode("hello world hello")));
    }
}
