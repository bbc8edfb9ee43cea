using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Processes;

namespace Parcae.Benchmarks.Fleet;

/// <summary>
/// What the control plane does with 250, 500 and 1,000 instances: joins, notices and losses at 50 a second against the grains as they are, on the embedded store. The workers are simulated (<see cref="SimulatedFleet"/>);
/// what is measured is how long an event waits for a plan that reckons with it, and what time and memory grow like.
/// </summary>
internal static class FleetBenchmark
{
    private const double Interval = 60;

    public static async Task<BenchmarkResult> RunAsync(int[] sizes)
    {
        var figures = new List<FleetFigures>();
        await using var processes = new ProcessSupervisor();
        var folder = DemoFolder.Create(null);
        try
        {
            int port = FreePorts.Next();
            var commands = new SiloCommandLine(SiloLocator.DotnetHost(), SiloLocator.Find(null, AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable)));
            var store = processes.Start("store", commands.Store(port, folder.Store), folder.Log("store"), StopOrder.Store);
            await store.Ready.WaitAsync(TimeSpan.FromMinutes(1));
            foreach (int size in sizes)
            {
                var run = await new FleetRun(size, $"127.0.0.1:{port}").RunAsync(CancellationToken.None);
                figures.Add(run);
                await Console.Error.WriteLineAsync(FormattableString.Invariant(
                    $"{size} instances (simulated): join {run.JoinSeconds * 1000:F1} ms, first plan and steps {run.FirstPlanSeconds:F1} s, {run.BytesPerInstance / 1024:F0} KiB per instance; {run.Latencies.Length} events planned within {run.Percentile(50):F2} s (median), {run.Percentile(95):F2} s (95%), {run.Latencies[^1]:F2} s (all); {run.CpuSecondsPerEvent * 1000:F0} ms of processor per event; {run.Generations} generations, {run.Pipelines} x {run.Depth}; lost {run.SamplesLost}, repeated {run.SamplesRepeated}"));
            }
        }
        finally
        {
            await processes.StopAsync(TimeSpan.FromSeconds(3));
            folder.Remove();
        }

        var largest = figures[^1];
        return new BenchmarkResult("fleet-1000", largest.Latencies[^1], Interval, largest.Latencies[^1] / Interval, "s", new Dictionary<string, object>
        {
            ["what"] = "the longest wait of an event for a plan that reckons with it, against the planning interval; workers simulated",
            ["runs"] = figures.Select(f => new Dictionary<string, object>
            {
                ["instances"] = f.Instances,
                ["joinMs"] = Math.Round(f.JoinSeconds * 1000, 2),
                ["firstPlanSeconds"] = Math.Round(f.FirstPlanSeconds, 2),
                ["bytesPerInstance"] = Math.Round(f.BytesPerInstance),
                ["events"] = f.Latencies.Length,
                ["medianSeconds"] = Math.Round(f.Percentile(50), 3),
                ["p95Seconds"] = Math.Round(f.Percentile(95), 3),
                ["maxSeconds"] = Math.Round(f.Latencies[^1], 3),
                ["cpuMsPerEvent"] = Math.Round(f.CpuSecondsPerEvent * 1000, 1),
                ["generations"] = f.Generations,
                ["strategy"] = $"{f.Pipelines} x {f.Depth}",
                ["samplesLost"] = f.SamplesLost,
                ["samplesRepeated"] = f.SamplesRepeated,
            }).ToArray(),
            ["cores"] = Environment.ProcessorCount,
        });
    }
}
