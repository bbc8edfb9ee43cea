using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Parcae.Liveput;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Preemption;

namespace Parcae.Benchmarks;

/// <summary>Planning and its mathematics under BenchmarkDotNet: <c>benchmarks/run planning</c>.</summary>
[MemoryDiagnoser]
public class PlanningBenchmarks
{
    private LiveputOptimizer _optimizer = null!;
    private PlanRequest _request = null!;
    private ZoneLayout _zones = null!;
    private int[] _lostInZones = [];
    private Strategy _strategy;

    /// <summary>Fleet.</summary>
    [Params(32, 256, 1024, 4096)]
    public int Instances { get; set; }

    /// <summary>Runs them all in this process.</summary>
    /// <param name="folder">Where the report is left.</param>
    /// <returns>0 when every benchmark ran.</returns>
    public static int RunAll(string folder)
    {
        var config = DefaultConfig.Instance.WithArtifactsPath(folder)
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(5).WithIterationCount(15));
        var summary = BenchmarkRunner.Run<PlanningBenchmarks>(config);
        return summary.HasCriticalValidationErrors || summary.Reports.Any(r => !r.Success) ? 1 : 0;
    }

    /// <summary>Once for each fleet.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        (_optimizer, _request, _) = PlanBenchmark.Setting(Instances);
        int side = (int)Math.Sqrt(Instances * 0.9);
        _strategy = new Strategy(side, side);
        int[] zones = [Instances / 2, Instances - (Instances / 2)];
        _zones = ZoneLayout.Balanced(_strategy, zones);
        _lostInZones = Array.ConvertAll(zones, n => n / 10);
    }

    /// <summary>One decision, look-ahead 12, nothing kept from before.</summary>
    [Benchmark(Description = "plan one interval")]
    public PlanDecision Plan() => _optimizer.Plan(_request);

    /// <summary>A tenth of the fleet is lost from a strategy as wide as deep.</summary>
    [Benchmark(Description = "surviving pipelines, a tenth lost")]
    public double[] Survive() => PreemptionOutcomes.SurvivingPipelines(_strategy.Pipelines, _strategy.Depth, Instances, Instances / 10);

    /// <summary>The same with a tenth lost in each of two zones.</summary>
    [Benchmark(Description = "surviving pipelines, two zones")]
    public Remains SurviveInZones() => ZoneOutcomes.LostInEach(_zones, _lostInZones);
}
