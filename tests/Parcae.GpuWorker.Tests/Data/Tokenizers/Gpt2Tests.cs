using System.Text;
using CsCheck;
using Microsoft.ML.Tokenizers;
using Parcae.GpuWorker.Data;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

/// <summary>With GPT-2's own vocabulary, beside an implementation that works on other files and in another way.</summary>
public sealed class Gpt2Tests : IClassFixture<Gpt2Tests.Vocabulary>
{
    // Everything that the pattern treats differently, but no letters beyond U+FFFF: the other implementation takes them for punctuation.
    private static readonly Gen<string> Texts = Gen.OneOf(
        "'s", "'ll", "'re", "'S", " ", "  ", " ", "\n", "\t", "\u3000", "\u00a0", "\u0085", "\u200b",
        "the", "ing", "a", "é", "中", "ß", "1", "42", "²", "Ⅷ", "٣", "😀", "!", "'", "\u0301", "\0", "\u00ad", "_").Array[0, 14].Select(pieces => string.Concat(pieces));

    private readonly ITokenizer _tokenizer;
    private readonly TiktokenTokenizer _other = TiktokenTokenizer.CreateForModel("gpt2");

    public Gpt2Tests(Vocabulary vocabulary) => _tokenizer = vocabulary.Tokenizer;

    [Fact]
    public void Well_known_texts_have_their_well_known_tokens()
    {
        Assert.Equal(50257, _tokenizer.Vocabulary);
        Assert.Equal([15496, 995], _tokenizer.Encode("Hello world"));
        Assert.Equal([15496, 11, 616, 3290, 318, 13779], _tokenizer.Encode("Hello, my dog is cute"));
    }

    [Fact]
    public void Any_text_has_the_tokens_that_another_implementation_gives_it() =>
        Texts.Sample(text => Assert.Equal(_other.EncodeToIds(text), _tokenizer.Encode(text)), iter: 3000);

    [Fact]
    public void Letters_beyond_the_basic_plane_are_letters()
    {
        // So the ending is an ending: GPT-2's pattern takes 's only at the beginning of a word.
        int[] letter = _tokenizer.Encode("𝐀");
        Assert.Equal(letter.Concat(_tokenizer.Encode("'s")), _tokenizer.Encode("𝐀's"));
        Assert.Single(_tokenizer.Encode("'s"));
    }

    [Fact]
    public void The_end_of_text_token_is_not_made_from_its_name()
    {
        Assert.DoesNotContain(50256, _tokenizer.Encode("<|endoftext|>"));
        Assert.Equal("<|endoftext|>", _tokenizer.Decode([50256]));
    }

    [Fact]
    public void A_text_may_be_divided_where_the_tokenizer_says() => Texts.Array[2, 8].Sample(pieces =>
    {
        var text = Encoding.UTF8.GetBytes(string.Concat(pieces));
        int cut = _tokenizer.Divide(text);
        int[] parts = [.. _tokenizer.Encode(Encoding.UTF8.GetString(text[..cut])), .. _tokenizer.Encode(Encoding.UTF8.GetString(text[cut..]))];
        Assert.Equal(_tokenizer.Encode(Encoding.UTF8.GetString(text)), parts);
    }, iter: 1000);

    public sealed class Vocabulary
    {
        public Vocabulary()
        {
            using var folder = new TemporaryFolder();
            Tokenizer = Tokenizers.Open(VocabularyFiles.WriteGpt2(folder));
        }

        public ITokenizer Tokenizer { get; }
    }
}
