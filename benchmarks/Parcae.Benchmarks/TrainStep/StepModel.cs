using System.Globalization;
using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>A GPT that is trained to measure a step.</summary>
/// <param name="Spec">The model.</param>
/// <param name="Batch">Sequences of a step.</param>
internal sealed record StepModel(ModelSpec Spec, int Batch)
{
    /// <summary>What <c>train-step</c> trains: 10.8 million parameters, eight sequences of 256 tokens a step.</summary>
    public static StepModel Small { get; } = new(new ModelSpec { Blocks = 6, Hidden = 384, Heads = 6, SequenceLength = 256, Vocabulary = 256 }, 8);

    /// <summary>GPT-2's smallest, 124 million parameters, eight sequences of 1024 tokens a step: what gives a GPU something to do.</summary>
    public static StepModel Gpt2 { get; } = new(ModelPresets.Get("gpt2") with { Dropout = 0 }, 8);

    /// <summary>Its layers.</summary>
    public int LayerCount => ModelFactory.Create(Spec).LayerCount;

    /// <summary>Its parameters; the head is the token embedding and counted once.</summary>
    public long Parameters
    {
        get
        {
            var model = ModelFactory.Create(Spec);
            return Enumerable.Range(0, model.LayerCount).SelectMany(layer => model.Layout(layer).Parameters).Where(p => p.IsOwn).Sum(p => p.Length);
        }
    }

    /// <summary>Tokens of a step.</summary>
    public int Tokens => Batch * Spec.SequenceLength;

    /// <summary>What <see cref="Flops"/> counts.</summary>
    public const string Formula =
        "3 * tokens * (2 * (12 * blocks * hidden^2 + hidden * vocabulary) + blocks * 2 * hidden * (sequence + 1)): matrix products alone, a multiplication and an addition as two, the backward pass "
        + "as twice the forward one, attention's scores and mixing over the pairs of positions that the causal mask lets through (about half); not counted: attention's scores computed again in the "
        + "backward pass, embedding, norms, biases, activation functions, softmax, loss, clipping, AdamW";

    /// <summary>Floating-point operations of a step.</summary>
    public double Flops
    {
        get
        {
            double h = Spec.Hidden, products = 2 * (12 * Spec.Blocks * h * h + h * Spec.Vocabulary);
            double attention = Spec.Blocks * 2 * h * (Spec.SequenceLength + 1);
            return 3 * Tokens * (products + attention);
        }
    }

    /// <summary>For people.</summary>
    public string Description => $"GPT, {Spec.Blocks} blocks x {Spec.Hidden}, {Spec.Heads} heads, {Parameters} parameters, batch {Batch} x {Spec.SequenceLength}";

    /// <summary>The sizes as arguments for the peer: batch, sequence, blocks, hidden, heads, vocabulary.</summary>
    public string[] Arguments =>
        [.. new[] { Batch, Spec.SequenceLength, Spec.Blocks, Spec.Hidden, Spec.Heads, Spec.Vocabulary }.Select(n => n.ToString(CultureInfo.InvariantCulture))];
}
