using Parcae.Benchmarks;

// Benchmarks that run in this process; those that are scripts of their own are called by ./run.
var benchmarks = new SortedDictionary<string, Func<Task<BenchmarkResult>>>(StringComparer.Ordinal)
{
    ["kill-recovery"] = KillRecoveryBenchmark.RunAsync,
};

if (args is not [var name, ..] || !benchmarks.TryGetValue(name, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine((await benchmark()).ToJson());
return 0;
