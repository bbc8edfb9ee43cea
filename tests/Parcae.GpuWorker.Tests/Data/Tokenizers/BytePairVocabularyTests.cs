using System.Text.Json;
using Parcae.GpuWorker.Data;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class BytePairVocabularyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Bytes => JsonSerializer.Serialize(VocabularyFiles.Tiny([]))[1..^1];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Vocabularies_that_are_none_are_refused_with_the_reason()
    {
        Refused("is not JSON", "hello");
        Refused("is not JSON", "{" + Bytes);
        Refused("is not JSON", """{"\ud800": 1}""");
        Refused("is a JSON Array", "[1]");
        Refused("the id of token 'x' is -1; it must be a whole number from 0 to 16777215", """{"x": -1}""");
        Refused("the id of token 'x' is 16777216", """{"x": 16777216}""");
        Refused("the id of token 'x' is 1.5", """{"x": 1.5}""");
        Refused("the id of token 'x' is \"1\"", """{"x": "1"}""");
        Refused("is empty", """{"": 1}""");
        Refused("has the token 'x' twice, with ids 1 and 2", """{"x": 1, "x": 2}""");
        Refused("has the id 1 twice, for tokens 'x' and 'y'", """{"x": 1, "y": 1}""");
        Refused("no token 'Ā' for the byte 0x00", """{"x": 1}""");
        Refused("data.vocabularyFile: the tokenizer bpe needs a vocabulary", new DataSpec { Tokenizer = "bpe" });
        Refused("data.tokenizer: there is no 'words'", new DataSpec { Tokenizer = "words" });
    }

    [Fact]
    public void A_giant_vocabulary_is_not_read()
    {
        var path = _folder.File("vocab.json", "");
        using (var file = File.OpenWrite(path)) file.SetLength(1L << 40);
        Refused("1099511627776 bytes, which is too much", new DataSpec { Tokenizer = "bpe", VocabularyFile = path, MergesFile = path });
    }

    [Theory]
    [InlineData("h e", "line 2: 'h e' needs the token 'he'")]
    [InlineData("hex e", "line 2: 'hex e' needs the token 'hex'")]
    [InlineData("h  e", "line 2: 'h  e' is not a pair")]
    [InlineData("h", "line 2: 'h' is not a pair")]
    [InlineData("h i\nh i", "'h i' stands on line 2 and again on line 3")]
    public void Merges_that_do_not_belong_to_the_vocabulary_are_refused_with_their_line(string merges, string reason)
    {
        var data = VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(["h i"]), [merges]);
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Tokenizers.Open(data)).Message);
    }

    [Fact]
    public void Merges_that_are_not_text_are_refused()
    {
        var data = VocabularyFiles.Write(_folder, VocabularyFiles.Tiny([]), []);
        File.WriteAllBytes(data.MergesFile!, [0x68, 0xff, 0x20]);
        Refused("is not UTF-8", data);
    }

    [Fact]
    public void A_merge_may_begin_with_a_hash()
    {
        var data = VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(["# #"]), ["# #"]);
        Assert.Equal([256], Tokenizers.Open(data).Encode("##"));
        File.WriteAllText(data.MergesFile!, "# #\r\n"); // no version line, other line ends
        Assert.Equal([256], Tokenizers.Open(data).Encode("##"));
    }

    private void Refused(string reason, string vocabulary) => Refused(reason, new DataSpec
    {
        Tokenizer = "bpe",
        VocabularyFile = _folder.File("vocab.json", vocabulary),
        MergesFile = _folder.File("merges.txt", "#version: 0.2\n"),
    });

    private static void Refused(string reason, DataSpec data) => Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Tokenizers.Open(data)).Message);
}
