using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>Every family at a size that trains in a moment, with everything in it that the family has.</summary>
internal static class SmallModels
{
    private static readonly Dictionary<string, ModelSpec> Known = new()
    {
        ["gpt"] = new() { Family = "gpt", Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 8, Vocabulary = 24 },
        ["bert"] = new() { Family = "bert", Blocks = 2, Hidden = 16, Heads = 2, SequenceLength = 8, Vocabulary = 24 },
        // A block with an identity for a shortcut, three that halve the image.
        ["resnet"] = new() { Family = "resnet", GroupBlocks = [2, 1, 1, 1], Width = 4, ImageSize = 16, Classes = 4 },
        // The stem of large images.
        ["resnet-72"] = new() { Family = "resnet", GroupBlocks = [1, 1, 1, 1], Width = 2, ImageSize = 72, Classes = 3, Channels = 1 },
        ["vgg"] = new() { Family = "vgg", Width = 3, Hidden = 16, ImageSize = 32, Classes = 4, Channels = 2 },
    };

    public static readonly TrainingSpec Training = new() { GlobalBatch = 10, MicroBatches = 5, WarmupSteps = 1, LearningRate = 3e-3 };

    public static IEnumerable<string> Names => Known.Keys;

    public static ModelSpec Spec(string name) => Known[name];
}
