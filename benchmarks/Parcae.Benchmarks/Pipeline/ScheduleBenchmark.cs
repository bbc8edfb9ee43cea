using System.Diagnostics;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>Whether weight gradients that fill the bubbles pay: wall time of a step of (1,2) with the zero-bubble schedule beside 1F1B, in turns. Needs two free cores to mean anything.</summary>
internal static class ScheduleBenchmark
{
    private const int Rounds = 7, StepsOfARound = 3, WarmUp = 3;

    public static BenchmarkResult Run()
    {
        int layers = TrainStep.StepModel.Small.LayerCount, half = layers / 2;
        LayerRange[] halves = [new(0, half), new(half, layers - half)];
        using var zero = new Replicas(Spec("zero-bubble"), 1, halves, WorkerProcess.Environment);
        using var plain = new Replicas(Spec("1f1b"), 1, halves, WorkerProcess.Environment);
        foreach (var strategy in new[] { zero, plain }) strategy.Train(WarmUp);
        var (zeros, plains) = (new double[Rounds], new double[Rounds]);
        for (int round = 0; round < Rounds; round++)
        {
            zeros[round] = Seconds(zero);
            plains[round] = Seconds(plain);
            Console.Error.WriteLine($"round {round}: zero-bubble {zeros[round]:F3} s/step, 1f1b {plains[round]:F3} s/step");
        }

        double[] ratios = [.. zeros.Zip(plains, (z, p) => z / p).Order()];
        return new BenchmarkResult("schedule", zeros.Order().ElementAt(Rounds / 2), plains.Order().ElementAt(Rounds / 2), ratios[Rounds / 2], "s/step", new Dictionary<string, object>
        {
            ["model"] = $"GPT, {TrainStep.StepModel.Small.Parameters} parameters in two stages, 4 micro-batches of 2",
            ["ratios"] = ratios,
            ["zeroBubble"] = zero.Waits(),
            ["1f1b"] = plain.Waits(),
            ["cores"] = System.Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static JobSpec Spec(string schedule) => new()
    {
        Model = TrainStep.StepModel.Small.Spec,
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { LearningRate = 3e-4, GlobalBatch = 8, MicroBatches = 4, PipelineSchedule = schedule },
    };

    private static double Seconds(Replicas replicas)
    {
        long start = Stopwatch.GetTimestamp();
        replicas.Train(StepsOfARound);
        return Stopwatch.GetElapsedTime(start).TotalSeconds / StepsOfARound;
    }
}
