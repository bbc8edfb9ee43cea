using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>
/// What pipelines cost: user and system seconds per sample of all processes of (1,2), (2,1) and (2,2), beside one process's. Processor time, not the clock's: so the figures hold where fewer cores are
/// free than there are processes. Strategies and the one process take turns, step by step, and each figure is set against the one process's just before and after it: a shared machine is not the same
/// for a minute.
/// </summary>
internal static class PipelineBenchmark
{
    public const string JobId = "pipeline";
    private const int Rounds = 6, WarmUp = 3;

    // The model of train-step, and a job's usual batch.
    private static readonly JobSpec Spec = new()
    {
        Model = TrainStep.StepModel.Small.Spec,
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { LearningRate = 3e-4 },
    };

    public static BenchmarkResult Run()
    {
        int layers = TrainStep.StepModel.Small.LayerCount, half = layers / 2;
        LayerRange[] whole = [new(0, layers)], halves = [new(0, half), new(half, layers - half)];
        using var one = new Replicas(Spec, 1, whole, WorkerProcess.Environment);
        using var deep = new Replicas(Spec, 1, halves, WorkerProcess.Environment);
        using var wide = new Replicas(Spec, 2, whole, WorkerProcess.Environment);
        using var both = new Replicas(Spec, 2, halves, WorkerProcess.Environment);
        Replicas[] strategies = [deep, wide, both];
        foreach (var strategy in strategies.Append(one)) strategy.Train(WarmUp);

        double[][] seconds = [.. strategies.Select(_ => new double[Rounds])], ratios = [.. strategies.Select(_ => new double[Rounds])];
        var references = new List<double> { PerSample(one) };
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < strategies.Length; i++)
            {
                seconds[i][round] = PerSample(strategies[i]);
                references.Add(PerSample(one));
                ratios[i][round] = 2 * seconds[i][round] / (references[^1] + references[^2]);
            }

            Console.Error.WriteLine(
                $"round {round}: one process {references[^1]:F4} CPU s/sample, {string.Join(", ", strategies.Select((s, i) => $"({s.Pipelines},{s.Depth}) {seconds[i][round]:F4} ({ratios[i][round]:F3})"))}");
        }

        var runs = strategies.Select((s, i) => new Dictionary<string, object>
        {
            ["strategy"] = $"({s.Pipelines},{s.Depth})",
            ["cpuSecondsPerSample"] = Median(seconds[i]),
            ["ratio"] = Median(ratios[i]),
            ["ratios"] = ratios[i],
            ["replicas"] = s.Waits(),
        }).ToArray();
        int worst = Enumerable.Range(0, strategies.Length).MaxBy(i => (double)runs[i]["ratio"]);
        return new BenchmarkResult("pipeline", Median(seconds[worst]), Median(references), (double)runs[worst]["ratio"], "CPU s/sample", new Dictionary<string, object>
        {
            ["strategies"] = runs,
            ["model"] = $"GPT, {TrainStep.StepModel.Small.Parameters} parameters, sequence {Spec.Model.SequenceLength}; {Spec.Training.MicroBatches} micro-batches of {Spec.Training.MicroBatchSize}",
            ["method"] = "user and system time of all processes of a strategy, one Torch thread each, code compiled without tiers; ratio: median over the rounds of a strategy's to the mean of (1,1)'s before and after it, the highest of the three",
            ["waits"] = "shares of each replica's time in the last round: computing, waiting for other stages, for the other replicas of its stage, at the commit barrier",
            ["rounds"] = Rounds,
            ["cores"] = System.Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static double PerSample(Replicas replicas) => replicas.Train(1) / Spec.Training.GlobalBatch;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
