using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>
/// What pipelines cost: user and system seconds per sample of all processes of (1,2), (2,1) and (2,2), beside one process's. Processor time, not the clock's: so the figures hold where fewer cores are
/// free than there are processes. The strategies take turns, and a round's figures are set against each other.
/// </summary>
internal static class PipelineBenchmark
{
    public const string JobId = "pipeline";
    private const int Rounds = 5, StepsOfARound = 2, WarmUp = 3;

    // Without tiers all code is compiled in the warm-up, not some of it, by every process for itself, while it is measured.
    private static readonly Dictionary<string, string> Environment = new() { ["OMP_WAIT_POLICY"] = "passive", ["DOTNET_TieredCompilation"] = "0" };

    // The model of train-step, and a job's usual batch.
    private static readonly JobSpec Spec = new()
    {
        Model = TrainStep.StepModel.Spec,
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { LearningRate = 3e-4 },
    };

    public static BenchmarkResult Run()
    {
        int layers = TrainStep.StepModel.LayerCount, half = layers / 2;
        LayerRange[] whole = [new(0, layers)], halves = [new(0, half), new(half, layers - half)];
        using var one = new Replicas(Spec, 1, whole, Environment);
        using var deep = new Replicas(Spec, 1, halves, Environment);
        using var wide = new Replicas(Spec, 2, whole, Environment);
        using var both = new Replicas(Spec, 2, halves, Environment);
        Replicas[] strategies = [one, deep, wide, both];
        foreach (var strategy in strategies) strategy.Train(WarmUp);

        double[][] seconds = [.. strategies.Select(_ => new double[Rounds])];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < strategies.Length; i++) seconds[i][round] = strategies[i].Train(StepsOfARound) / (StepsOfARound * Spec.Training.GlobalBatch);
            Console.Error.WriteLine($"round {round}: {string.Join(", ", strategies.Select((s, i) => $"({s.Pipelines},{s.Depth}) {seconds[i][round]:F4} s/sample"))}");
        }

        var runs = strategies.Select((s, i) => new Dictionary<string, object>
        {
            ["strategy"] = $"({s.Pipelines},{s.Depth})",
            ["cpuSecondsPerSample"] = Median(seconds[i]),
            ["ratio"] = Median(seconds[i].Zip(seconds[0], (own, single) => own / single)),
            ["replicas"] = s.Waits(),
        }).ToArray();
        int worst = Enumerable.Range(1, strategies.Length - 1).MaxBy(i => (double)runs[i]["ratio"]);
        return new BenchmarkResult("pipeline", Median(seconds[worst]), Median(seconds[0]), (double)runs[worst]["ratio"], "CPU s/sample", new Dictionary<string, object>
        {
            ["strategies"] = runs,
            ["model"] = $"GPT, {TrainStep.StepModel.Parameters} parameters, sequence {Spec.Model.SequenceLength}; {Spec.Training.MicroBatches} micro-batches of {Spec.Training.MicroBatchSize}",
            ["method"] = "user and system time of all processes of a strategy, one Torch thread each, code compiled without tiers; ratio: median over the rounds of a strategy's to (1,1)'s of the same round, the highest of the three",
            ["waits"] = "shares of each replica's time in the last round: computing, waiting for other stages, for the other replicas of its stage, at the commit barrier",
            ["rounds"] = Rounds,
            ["stepsOfARound"] = StepsOfARound,
            ["cores"] = System.Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
