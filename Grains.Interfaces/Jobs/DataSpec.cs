namespace Parcae.Grains;

/// <summary>Where the samples come from.</summary>
[GenerateSerializer, Immutable, Alias("parcae.DataSpec")]
public sealed record DataSpec
{
    /// <summary>Every kind of data that a job can name.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["text", "cifar10", "cifar100", "synthetic"];

    /// <summary>Every tokenizer that a job can name.</summary>
    public static IReadOnlyList<string> Tokenizers { get; } = ["bytes", "bpe"];

    /// <summary>
    /// Text files, CIFAR binary files, or folders whose files are read in ordinal order. Empty with kind <c>text</c>: the API documentation of the .NET SDK on the worker's machine.
    /// </summary>
    [Id(0)] public string[] Paths { get; init; } = [];

    /// <summary>Folder for the token cache, shared by the workers of one machine. Null: a folder under the system's temporary files.</summary>
    [Id(1)] public string? CacheFolder { get; init; }

    /// <summary>One of <see cref="Kinds"/>. The default value is <c>text</c>.</summary>
    [Id(2)] public string Kind { get; init; } = "text";

    /// <summary>One of <see cref="Tokenizers"/>. The default value is <c>bytes</c>: a token per byte, 256 of them.</summary>
    [Id(3)] public string Tokenizer { get; init; } = "bytes";

    /// <summary>For <c>bpe</c>: the vocabulary, <c>vocab.json</c> as GPT-2's.</summary>
    [Id(4)] public string? VocabularyFile { get; init; }

    /// <summary>For <c>bpe</c>: the merges, <c>merges.txt</c> as GPT-2's.</summary>
    [Id(5)] public string? MergesFile { get; init; }

    /// <summary>
    /// Share of the samples, the last ones, that is kept from training for validation, in [0, 1). The default value is 0: none, or, with CIFAR, the images of the test file where
    /// there is one. The test file is never trained on.
    /// </summary>
    [Id(6)] public double ValidationFraction { get; init; }

    /// <summary>Samples of kind <c>synthetic</c>. The default value is 4096.</summary>
    [Id(7)] public int SyntheticSamples { get; init; } = 4096;

    /// <summary>Whether training images are mirrored and shifted at random (by seed and sample number). The default value is false.</summary>
    [Id(8)] public bool Augment { get; init; }
}
