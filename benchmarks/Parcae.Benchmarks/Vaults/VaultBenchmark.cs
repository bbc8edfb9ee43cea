using Parcae.Benchmarks.Pipeline;
using Parcae.Grains;

namespace Parcae.Benchmarks.Vaults;

/// <summary>
/// What a state vault that follows costs: samples/s of one worker on a core of its own, with the vault on another core and on the worker's, beside the same without a vault. The three take turns, a few
/// steps each, and each figure is set against those without a vault just before and after it. User and system seconds of worker and vault are told besides: they suffer less from a machine that others use.
/// </summary>
internal static class VaultBenchmark
{
    private const int Rounds = 5, StepsOfARound = 4, WarmUp = 2;
    private const int WorkerCore = 0, OtherCore = 1;

    // A small batch: a vault costs the same for a large one, and less of its time.
    private static readonly JobSpec Spec = new()
    {
        Model = TrainStep.StepModel.Small.Spec,
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { LearningRate = 3e-4, GlobalBatch = TrainStep.StepModel.Small.Batch, MicroBatches = 4 },
    };

    public static BenchmarkResult Run()
    {
        if (System.Environment.ProcessorCount < 2) throw new InvalidOperationException("A vault on a core of its own needs two cores; there is one.");
        LayerRange[] whole = [new(0, TrainStep.StepModel.Small.LayerCount)];
        using var without = new Replicas(Spec, 1, whole, WorkerProcess.Environment, WorkerCore);
        using var own = new Replicas(Spec, 1, whole, WorkerProcess.Environment, WorkerCore, OtherCore);
        using var shared = new Replicas(Spec, 1, whole, WorkerProcess.Environment, WorkerCore, WorkerCore);
        foreach (var replicas in new[] { without, own, shared }) replicas.Train(WarmUp);

        List<Figures> none = [Measure(without)], apart = [], together = [];
        List<double> ratios = [], sharedRatios = [];
        for (int round = 0; round < Rounds; round++)
        {
            apart.Add(Measure(own));
            none.Add(Measure(without));
            ratios.Add(Ratio(apart[^1], none[^2], none[^1]));
            together.Add(Measure(shared));
            none.Add(Measure(without));
            sharedRatios.Add(Ratio(together[^1], none[^2], none[^1]));
            Console.Error.WriteLine($"round {round}: without {none[^1]}; own core {apart[^1]} ({ratios[^1]:F3}); shared core {together[^1]} ({sharedRatios[^1]:F3})");
        }

        return new BenchmarkResult("vault", Median(apart.Select(f => f.SamplesPerSecond)), Median(none.Select(f => f.SamplesPerSecond)), Median(ratios), "samples/s", new Dictionary<string, object>
        {
            ["ratios"] = ratios,
            ["sharedCore"] = new { samplesPerSecond = Median(together.Select(f => f.SamplesPerSecond)), ratio = Median(sharedRatios), ratios = sharedRatios },
            ["cpuSecondsPerStep"] = new
            {
                worker = Median(none.Select(f => f.WorkerCpu)),
                workerWithVault = Median(apart.Select(f => f.WorkerCpu)),
                vault = Median(apart.Select(f => f.VaultCpu)),
                workerWithVaultOnItsCore = Median(together.Select(f => f.WorkerCpu)),
                vaultOnTheWorkersCore = Median(together.Select(f => f.VaultCpu)),
            },
            ["model"] = $"GPT, {TrainStep.StepModel.Small.Parameters} parameters, sequence {Spec.Model.SequenceLength}; {Spec.Training.MicroBatches} micro-batches of {Spec.Training.MicroBatchSize}; a checkpoint every {Spec.Training.CheckpointEvery} steps",
            ["method"] = "one worker, one Torch thread, bound to core 0; the vault bound to core 1, or to core 0; samples/s from the time between the training thread's begin of a step and its readiness for the next; ratio: median over the rounds of samples/s with a vault to the mean without just before and after",
            ["rounds"] = Rounds,
            ["stepsOfARound"] = StepsOfARound,
            ["cores"] = System.Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private sealed record Figures(double SamplesPerSecond, double WorkerCpu, double VaultCpu)
    {
        public override string ToString() => $"{SamplesPerSecond:F2} samples/s, {WorkerCpu:F3} + {VaultCpu:F3} CPU s/step";
    }

    private static Figures Measure(Replicas replicas)
    {
        double cpu = replicas.Train(StepsOfARound);
        return new Figures(Spec.Training.GlobalBatch / replicas.StepSeconds, cpu / StepsOfARound, replicas.VaultCpuSeconds / StepsOfARound);
    }

    private static double Ratio(Figures with, Figures before, Figures after) => 2 * with.SamplesPerSecond / (before.SamplesPerSecond + after.SamplesPerSecond);

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
