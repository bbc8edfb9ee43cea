using Parcae.Grains;

namespace Parcae.GpuWorker.Models;

/// <summary>What a model's constructor asks of its spec: the same words as <see cref="JobSpecValidation"/>, for specs that come another way.</summary>
internal static class Require
{
    /// <summary>Refuses a value.</summary>
    /// <exception cref="ArgumentException"><paramref name="good"/> is false.</exception>
    public static void That(bool good, string path, object? value, string right)
    {
        if (!good) throw new ArgumentException($"model.{path}: {value ?? "null"} is not valid; it must be {right}.");
    }

    /// <summary>What every transformer asks.</summary>
    public static void Transformer(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        That(spec.Blocks >= 1, "blocks", spec.Blocks, "at least 1");
        That(spec.Hidden >= 1, "hidden", spec.Hidden, "at least 1");
        That(spec.Heads >= 1 && spec.Hidden % spec.Heads == 0, "heads", spec.Heads, $"a divisor of model.hidden ({spec.Hidden})");
        That(spec.SequenceLength >= 1, "sequenceLength", spec.SequenceLength, "at least 1");
        That(spec.Vocabulary >= 2, "vocabulary", spec.Vocabulary, "at least 2");
        Dropout(spec);
    }

    /// <summary>What every classifier of images asks.</summary>
    public static void Images(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        That(spec.Channels >= 1, "channels", spec.Channels, "at least 1");
        That(spec.Classes >= 2, "classes", spec.Classes, "at least 2");
        That(spec.Width >= 1, "width", spec.Width, "at least 1");
        Dropout(spec);
    }

    private static void Dropout(ModelSpec spec) => That(spec.Dropout is >= 0 and < 1, "dropout", spec.Dropout, "in [0, 1)");
}
