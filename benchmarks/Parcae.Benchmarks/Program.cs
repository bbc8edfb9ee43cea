using System.Globalization;
using Parcae.Benchmarks;
using Parcae.Benchmarks.TrainStep;

// Processes that the benchmarks below start.
if (args is ["train-step-process", var threads, var parts])
    return StepProcess.Run(int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(parts, CultureInfo.InvariantCulture));

// Those that need more than this program are started by a script of their own, see ./run.
var benchmarks = new SortedDictionary<string, Func<Task<BenchmarkResult>>>(StringComparer.Ordinal)
{
    ["kill-recovery"] = KillRecoveryBenchmark.RunAsync,
    ["train-step"] = () => Task.FromResult(TrainStepBenchmark.Run(args is [_, var microBatches] ? int.Parse(microBatches, CultureInfo.InvariantCulture) : 1)),
};

if (args is not [var name, ..] || !benchmarks.TryGetValue(name, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine((await benchmark()).ToJson());
return 0;
