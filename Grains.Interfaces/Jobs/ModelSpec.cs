namespace Parcae.Grains;

/// <summary>The model: a family and its sizes. What a family does not use is left at its default. See <see cref="ModelPresets"/> for well-known ones.</summary>
[GenerateSerializer, Immutable, Alias("parcae.ModelSpec")]
public sealed record ModelSpec
{
    /// <summary>Every family that a job can name.</summary>
    public static IReadOnlyList<string> Families { get; } = ["gpt", "bert", "resnet", "vgg", "plugin"];

    /// <summary>Transformer blocks (gpt, bert). The default value is 6.</summary>
    [Id(0)] public int Blocks { get; init; } = 6;

    /// <summary>Width of the residual stream (gpt, bert), or of the fully connected layers (vgg). The default value is 128.</summary>
    [Id(1)] public int Hidden { get; init; } = 128;

    /// <summary>Attention heads (gpt, bert); divides <see cref="Hidden"/>. The default value is 4.</summary>
    [Id(2)] public int Heads { get; init; } = 4;

    /// <summary>Tokens per sample (gpt, bert, token models of a plug-in). The default value is 128.</summary>
    [Id(3)] public int SequenceLength { get; init; } = 128;

    /// <summary>Number of tokens. The default value is 256: bytes.</summary>
    [Id(4)] public int Vocabulary { get; init; } = 256;

    /// <summary>Dropout probability in [0, 1). The default value is 0.</summary>
    [Id(5)] public double Dropout { get; init; }

    /// <summary>One of <see cref="Families"/>. The default value is <c>gpt</c>.</summary>
    [Id(6)] public string Family { get; init; } = "gpt";

    /// <summary>Whether the output head of a gpt is its token embedding. The default value is true; a bert's always is.</summary>
    [Id(7)] public bool TiedEmbeddings { get; init; } = true;

    /// <summary>Height and width of an image (resnet, vgg). The default value is 32.</summary>
    [Id(8)] public int ImageSize { get; init; } = 32;

    /// <summary>Colours of an image (resnet, vgg). The default value is 3.</summary>
    [Id(9)] public int Channels { get; init; } = 3;

    /// <summary>Classes to tell apart (resnet, vgg). The default value is 10.</summary>
    [Id(10)] public int Classes { get; init; } = 10;

    /// <summary>Channels of the first convolution (resnet, vgg); later ones are multiples of it. The default value is 64.</summary>
    [Id(11)] public int Width { get; init; } = 64;

    /// <summary>Bottleneck blocks in each of a resnet's four groups. The default value is 3, 4, 6, 3: ResNet-50.</summary>
    [Id(12)] public int[] GroupBlocks { get; init; } = [3, 4, 6, 3];

    /// <summary>Class library of a plug-in: a path on the worker's machine.</summary>
    [Id(13)] public string? Assembly { get; init; }

    /// <summary>Full name of the plug-in's class, which implements <c>IStagedModel</c> and has a constructor that takes this spec; null: the only such class.</summary>
    [Id(14)] public string? Type { get; init; }

    /// <summary>Settings of a plug-in, as it understands them.</summary>
    [Id(15)] public Dictionary<string, string> Settings { get; init; } = [];

    /// <summary>
    /// Folder with a model in the Hugging Face layout to begin from (gpt); every worker reads it, so it must be the same on all machines. Null: begin from the seed.
    /// </summary>
    [Id(16)] public string? InitialWeights { get; init; }

    /// <summary>Whether samples are tokens (or else images).</summary>
    public bool TakesTokens => Family is "gpt" or "bert" || (Family == "plugin" && !Settings.ContainsKey("images"));
}
