using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>Trains a model along a plan, and says everything that came of it.</summary>
internal static class ModelTraining
{
    /// <summary>The losses of a run.</summary>
    public static double[] Losses(IStagedModel model, TrainingSpec training, int steps)
    {
        using var batches = new TestBatches(model.Spec, training);
        using var trainer = new LocalTrainer(model, training, batches);
        return [.. Enumerable.Range(0, steps).Select(_ => trainer.Step().Loss)];
    }

    /// <summary>Results of some steps, the loss of evaluation after them, and every byte of every layer's state.</summary>
    public static Outcome Run(IStagedModel model, TrainingSpec training, int[] cut, int pipelines, int steps = 2)
    {
        var stages = cut.Select((count, i) => new LayerRange(cut.Take(i).Sum(), count)).ToArray();
        using var batches = new TestBatches(model.Spec, training);
        using var trainer = new LocalTrainer(model, training, batches, stages, pipelines);
        var results = Enumerable.Range(0, steps).Select(_ => trainer.Step() with { Seconds = 0 }).ToArray();
        return new Outcome(results, trainer.Validate(), [.. trainer.States.SelectMany(s => s.Tensors).Select(t => t.Bytes().ToArray())]);
    }

    /// <summary>Trains along every cut in two stages, the finest cut, and one, two and three pipelines; all must equal the whole model in one stage.</summary>
    public static void EveryPlanGivesTheSameBits(IStagedModel model, TrainingSpec training)
    {
        int layers = model.LayerCount;
        int[] whole = [layers], finest = [.. Enumerable.Repeat(1, layers)];
        var reference = Run(model, training, whole, 1);
        for (int first = 1; first < layers; first++) Run(model, training, [first, layers - first], first % 3 + 1).MustEqual(reference);
        for (int pipelines = 1; pipelines <= 3; pipelines++) Run(model, training, finest, pipelines).MustEqual(reference);
        var recomputing = training with { Recompute = true };
        Run(model, recomputing, whole, 2).MustEqual(reference);
        Run(model, recomputing, finest, 3).MustEqual(reference);
    }

    public sealed record Outcome(StepResult[] Steps, double Validation, byte[][] State)
    {
        public void MustEqual(Outcome reference)
        {
            Xunit.Assert.Equal(reference.Steps, Steps);
            Xunit.Assert.Equal(reference.Validation, Validation);
            for (int tensor = 0; tensor < State.Length; tensor++) Xunit.Assert.True(reference.State[tensor].AsSpan().SequenceEqual(State[tensor]), $"tensor {tensor} differs");
        }
    }
}
