using Parcae.Benchmarks;

// Benchmarks that run in this process; those that are scripts of their own are called by ./run.
var benchmarks = new SortedDictionary<string, Func<BenchmarkResult>>(StringComparer.Ordinal)
{
    ["plan-32"] = PlanBenchmark.Plan32,
    ["plan-1024"] = PlanBenchmark.Plan1024,
};

if (args is not [var name, ..] || !benchmarks.TryGetValue(name, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine(benchmark().ToJson());
return 0;
