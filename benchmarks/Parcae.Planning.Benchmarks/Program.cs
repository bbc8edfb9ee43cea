using Parcae.Benchmarks;

// The planner by itself: what needs no silo builds in seconds.
var benchmarks = new SortedDictionary<string, Func<BenchmarkResult>>(StringComparer.Ordinal)
{
    ["forecast-skill"] = ForecastSkillBenchmark.Run,
    ["plan-32"] = PlanBenchmark.Plan32,
    ["plan-256"] = PlanBenchmark.Plan256,
    ["plan-1024"] = PlanBenchmark.Plan1024,
};

// Not one figure but a table.
if (args is ["planning", .. var rest] && rest.Length <= 1) return PlanningBenchmarks.RunAll(rest is [var folder] ? folder : Path.Combine("artifacts", "benchmarks"));

if (args is not [var name] || !benchmarks.TryGetValue(name, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}, or planning [FOLDER].");
    return 2;
}

Console.WriteLine(benchmark().ToJson());
return 0;
