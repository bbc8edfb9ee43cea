namespace Parcae.Grains;

/// <summary>Well-known models by name: GPT-2's four sizes (Radford et al. 2019, table 2), GPT 6.7B (Brown et al. 2020, table 2.1), and the paper's others (section 8).</summary>
public static class ModelPresets
{
    // GPT-2's vocabulary and context; BERT's of bert-large-uncased.
    private static readonly ModelSpec Gpt2 = new() { Family = "gpt", SequenceLength = 1024, Vocabulary = 50257, Dropout = 0.1 };

    private static readonly Dictionary<string, ModelSpec> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["gpt2"] = Gpt2 with { Blocks = 12, Hidden = 768, Heads = 12 },
        ["gpt2-medium"] = Gpt2 with { Blocks = 24, Hidden = 1024, Heads = 16 },
        ["gpt2-large"] = Gpt2 with { Blocks = 36, Hidden = 1280, Heads = 20 },
        ["gpt2-xl"] = Gpt2 with { Blocks = 48, Hidden = 1600, Heads = 25 },
        ["gpt-6.7b"] = Gpt2 with { Blocks = 32, Hidden = 4096, Heads = 32, SequenceLength = 2048 },
        ["bert-large"] = new() { Family = "bert", Blocks = 24, Hidden = 1024, Heads = 16, SequenceLength = 512, Vocabulary = 30522, Dropout = 0.1 },
        ["resnet50"] = new() { Family = "resnet", ImageSize = 224, Classes = 1000, GroupBlocks = [3, 4, 6, 3] },
        ["resnet152"] = new() { Family = "resnet", ImageSize = 224, Classes = 1000, GroupBlocks = [3, 8, 36, 3] },
        ["vgg19"] = new() { Family = "vgg", ImageSize = 224, Classes = 1000, Hidden = 4096, Dropout = 0.5 },
    };

    /// <summary>The names.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The spec of a name.</summary>
    /// <exception cref="ArgumentException">There is no such preset; the message lists those there are.</exception>
    public static ModelSpec Get(string name) => Known.TryGetValue(name, out var spec)
        ? spec
        : throw new ArgumentException($"There is no model '{name}'; known are {string.Join(", ", Known.Keys)}.", nameof(name));
}
