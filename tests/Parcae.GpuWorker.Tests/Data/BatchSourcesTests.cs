using Parcae.GpuWorker.Data;
using Parcae.Grains;
using TorchSharp;
using Xunit;

namespace Parcae.GpuWorker.Tests.Data;

public sealed class BatchSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Text_that_is_too_short_for_a_sample_is_refused_with_its_path()
    {
        var file = _folder.File("a.txt", "1234");
        var spec = new JobSpec { Model = new ModelSpec { SequenceLength = 4 }, Data = new DataSpec { Paths = [file], CacheFolder = _folder.Path } };
        Refused($"{file} has 4 bytes of text; one sample of sequence length 4 needs 5.", spec);
        // What a bert predicts is in the sample itself.
        using var source = BatchSources.Open(spec with { Model = new ModelSpec { Family = "bert", SequenceLength = 4, Vocabulary = 257 } });
        Assert.Equal(2 * 4, Batches.Longs(source.MicroBatch(0, 0).Content().Targets).Length);
    }

    [Fact]
    public void A_vocabulary_that_does_not_fit_the_model_is_refused_with_both_numbers()
    {
        var bpe = VocabularyFiles.Write(_folder, VocabularyFiles.Tiny(["h i"], 299), ["h i"]) with { Paths = [_folder.File("a.txt", "hi hi hi")] };
        Refused("model.vocabulary: 299 is not valid; the highest token of the tokenizer bpe is 299, so it must be at least 300.", Of("gpt", 299, bpe));
        Refused("model.vocabulary: 255 is not valid; the highest token of the tokenizer bytes is 255, so it must be at least 256.", Of("gpt", 255, new DataSpec()));
        Refused("the last token of a bert is the mask, and the tokenizer bpe has 300 tokens of its own, so it must be at least 301", Of("bert", 300, bpe));
        using var fits = BatchSources.Open(Of("gpt", 300, bpe));
        // "hi hi hi" is five tokens, two windows of two: hi and a space, both.
        Assert.Equal([299, 255 - ' ', 299, 255 - ' '], Batches.Longs(fits.MicroBatch(0, 0).Content().Inputs));
        using var alsoFits = BatchSources.Open(Of("bert", 301, bpe));
    }

    [Theory]
    [InlineData("gpt", "cifar10", "which takes tokens: it must be text or synthetic")]
    [InlineData("vgg", "text", "which takes images: it must be cifar10, cifar100 or synthetic")]
    [InlineData("gpt", "audio", "data.kind: 'audio' is not valid")]
    public void Data_that_does_not_fit_the_model_is_refused(string family, string kind, string reason) =>
        Refused(reason, new JobSpec { Model = new ModelSpec { Family = family }, Data = new DataSpec { Kind = kind } });

    [Fact]
    public void A_plug_in_gets_tokens_unless_it_asks_for_images()
    {
        var data = new DataSpec { Kind = "synthetic" };
        using var tokens = BatchSources.Open(new JobSpec { Model = new ModelSpec { Family = "plugin" }, Data = data });
        using var images = BatchSources.Open(new JobSpec { Model = new ModelSpec { Family = "plugin", Settings = new() { ["images"] = "" } }, Data = data });
        using var text = tokens.MicroBatch(0, 0);
        using var pictures = images.MicroBatch(0, 0);
        Assert.Equal((torch.ScalarType.Int64, 2), (text.Inputs.dtype, text.Inputs.shape.Length));
        Assert.Equal((torch.ScalarType.Float32, 4), (pictures.Inputs.dtype, pictures.Inputs.shape.Length));
    }

    private static JobSpec Of(string family, int vocabulary, DataSpec data) => new() { Model = new ModelSpec { Family = family, Vocabulary = vocabulary, SequenceLength = 2 }, Data = data };

    private static void Refused(string reason, JobSpec spec) => Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => BatchSources.Open(spec)).Message);
}
