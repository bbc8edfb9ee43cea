using System.Diagnostics;
using Parcae.Liveput;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Benchmarks;

/// <summary>Time of one planning decision, after the just-in-time compiler has settled; the planner keeps nothing between decisions.</summary>
internal static class PlanBenchmark
{
    /// <summary>32 instances, a model of 50 layers and memory in plenty, so that every strategy up to 1 x 32 and 32 x 1 is feasible: the most there is to weigh.</summary>
    public static BenchmarkResult Plan32() => Measure("plan-32", 32, 400);

    /// <summary>A fleet of 256 for a model of 98 layers.</summary>
    public static BenchmarkResult Plan256() => Measure("plan-256", 256, 80);

    /// <summary>A fleet of 1,024 for a model of 98 layers.</summary>
    public static BenchmarkResult Plan1024() => Measure("plan-1024", 1024, 40);

    /// <summary>The optimizer and the request for a number of instances: a plan is in force, and the past was restless, so that many counts and losses have to be weighed.</summary>
    public static (LiveputOptimizer Optimizer, PlanRequest Request, PlanningProfile Profile) Setting(int instances)
    {
        var profile = Profile(instances);
        var history = Enumerable.Range(0, 24).Select(i => new AvailabilityInterval(instances - (i % 3), i % 3 == 0 ? 2 : 0, i % 3 == 0 ? 0 : 1)).ToArray();
        var optimizer = new LiveputOptimizer(profile, new ProfiledCostModel(profile));
        var request = new PlanRequest
        {
            Current = Strategy.None,
            Available = instances,
            IntactPipelines = 0,
            Forecast = new PersistenceForecaster(new PersistenceOptions { MaxInstances = instances }).Forecast(history, 12),
            IntervalSeconds = 60,
        };
        var strategy = optimizer.Plan(request).Strategy;
        return (optimizer, request with { Current = strategy, IntactPipelines = strategy.Pipelines }, profile);
    }

    private static PlanningProfile Profile(int instances) => instances <= 32
        ? PlanningProfile.FromLayers("gpt-1.5b", TransformerCosts.Layers(48, 1600, 25, 1024, 50257), 128, 128, new AcceleratorSpec(80L << 30, 60e12, 1.25e9))
        : PlanningProfile.FromLayers("gpt-20b", TransformerCosts.Layers(96, 4096, 32, 1024, 50257), 2048, 512, new AcceleratorSpec(80L << 30, 150e12, 12.5e9));

    private static BenchmarkResult Measure(string name, int instances, int repetitions)
    {
        var (optimizer, request, profile) = Setting(instances);
        PlanDecision decision = optimizer.Plan(request);
        var warmUp = Stopwatch.StartNew();
        while (warmUp.Elapsed < TimeSpan.FromSeconds(3)) decision = optimizer.Plan(request);

        var milliseconds = new double[repetitions];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            decision = optimizer.Plan(request);
            milliseconds[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        double allocated = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)repetitions;
        Array.Sort(milliseconds);
        using var process = Process.GetCurrentProcess();
        process.Refresh();
        return new BenchmarkResult(name, Round(milliseconds[repetitions / 2]), null, null, "ms", new Dictionary<string, object>
        {
            ["statistic"] = "median",
            ["repetitions"] = repetitions,
            ["p95Ms"] = Round(milliseconds[(int)(repetitions * 0.95)]),
            ["maxMs"] = Round(milliseconds[^1]),
            ["allocatedKiB"] = Math.Round(allocated / 1024),
            ["peakWorkingSetMiB"] = process.PeakWorkingSet64 >> 20,
            ["instances"] = instances,
            ["lookAhead"] = request.Forecast.Intervals.Count,
            ["depths"] = $"{profile.MinDepth}..{profile.MaxDepth}",
            ["candidates"] = decision.Candidates.Count,
            ["decision"] = decision.Strategy.ToString(),
            ["cores"] = Environment.ProcessorCount,
        });
    }

    private static double Round(double milliseconds) => Math.Round(milliseconds, 3);
}
