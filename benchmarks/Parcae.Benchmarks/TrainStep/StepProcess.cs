using System.Diagnostics;
using System.Globalization;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>
/// The process that trains: <c>train-step-process THREADS MICROBATCHES</c>. Asked <c>product N K</c> it multiplies two N x N float32 matrices K times and answers with each one's seconds; asked
/// <c>step K</c>, it trains K steps and answers with each one's seconds; asked <c>loss</c> it answers with the last step's loss.
/// </summary>
internal static class StepProcess
{
    public static int Run(int threads, int microBatches)
    {
        TorchNative.EnsureLoaded();
        set_num_threads(threads);
        var training = new TrainingSpec { GlobalBatch = StepModel.Batch, MicroBatches = microBatches, WarmupSteps = 0, LearningRate = 3e-4 };
        var spec = StepModel.Spec;
        using var batches = new MemoryBatches(training.MicroBatchSize, microBatches, spec.SequenceLength, spec.Vocabulary);
        using var trainer = new LocalTrainer(new Gpt(spec), training, batches);
        double loss = double.NaN;
        while (Console.ReadLine() is { } question)
        {
            switch (question.Split(' '))
            {
                case ["product", var size, var count]:
                    Answer(Product(long.Parse(size, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture)));
                    break;
                case ["step", var count]:
                    var steps = Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(_ => trainer.Step()).ToArray();
                    loss = steps[^1].Loss;
                    Answer(steps.Select(s => s.Seconds));
                    break;
                case ["loss"]:
                    Answer([loss]);
                    break;
                default:
                    throw new ArgumentException($"Asked '{question}': product N K, step K and loss are understood.");
            }
        }

        return 0;
    }

    private static double[] Product(long size, int count)
    {
        using var scope = NewDisposeScope();
        Tensor a = randn(size, size), b = randn(size, size), c = empty(size, size);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var clock = Stopwatch.StartNew();
            c.addmm_(a, b, beta: 0, alpha: 1);
            return clock.Elapsed.TotalSeconds;
        })];
    }

    private static void Answer(IEnumerable<double> numbers) => Console.WriteLine(string.Join(' ', numbers.Select(n => n.ToString("R", CultureInfo.InvariantCulture))));
}
