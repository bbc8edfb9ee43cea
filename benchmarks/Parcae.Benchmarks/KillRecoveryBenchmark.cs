using System.Diagnostics;
using Parcae.Cli.Demo.Processes;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Benchmarks;

/// <summary>
/// SIGKILL of a worker to the next committed step, with the demo's model on one machine: real processes, real sockets. Detection is the time until the job says
/// that it reconfigures. Both are seen through the SDK, so they include the delay of the workers' step reports. The same for workers whose process is stopped (SIGSTOP): its connections stay, nothing is heard of it, and it
/// is found by its silence.
/// </summary>
internal static class KillRecoveryBenchmark
{
    private const int Kills = 5, Stops = 3;

    // As workers are started.
    private static readonly double HeartbeatSeconds = new GpuWorker.Service.GpuWorkerOptions().HeartbeatSeconds;

    public static async Task<BenchmarkResult> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("parcae-bench-").FullName;
        string trace = Path.Combine(folder, "flat.txt");
        await File.WriteAllLinesAsync(trace, Enumerable.Repeat("4", 600));
        int port = FreePorts.Next();
        using var demo = StartDemo(folder, trace, port);
        try
        {
            await using var client = await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = $"127.0.0.1:{port}", RetryFor = TimeSpan.FromMinutes(2), ConnectTimeout = TimeSpan.FromMinutes(2) });
            string job = await JobAsync(client);
            var (recoveries, detections, sources) = (new List<double>(), new List<double>(), new List<string>());
            for (int kill = 0; kill < Kills; kill++)
            {
                var before = await SteadyAsync(client, job);
                var victim = before.Plan!.Places[kill % before.Plan.Places.Length].Peer.InstanceId;
                var (recovery, detection, after) = await LoseAsync(client, job, demo.Id, victim, before.Plan.Generation, "KILL");
                recoveries.Add(recovery);
                detections.Add(detection);
                sources.Add($"{before.Plan.Pipelines} x {before.Plan.Depth} to {after.Pipelines} x {after.Depth}, {after.Kind}, from {after.Source}, pause {after.PauseMilliseconds:F0} ms, {after.StepsReplayed} steps replayed");
                await Console.Error.WriteLineAsync($"{victim} killed: detected after {detection:F3} s, next step after {recovery:F3} s ({sources[^1]})");
            }

            var (hangs, hangDetections) = (new List<double>(), new List<double>());
            for (int stop = 0; stop < Stops; stop++)
            {
                var before = await SteadyAsync(client, job);
                var victim = before.Plan!.Places[stop % before.Plan.Places.Length].Peer.InstanceId;
                var (recovery, detection, _) = await LoseAsync(client, job, demo.Id, victim, before.Plan.Generation, "STOP");
                hangs.Add(recovery);
                hangDetections.Add(detection);
                await Console.Error.WriteLineAsync($"{victim} stopped: detected after {detection:F3} s, next step after {recovery:F3} s");
                await SignalAsync(PidOf(demo.Id, victim), "KILL"); // the demo starts another one
            }

            return new BenchmarkResult("kill-recovery", Median(recoveries), null, null, "s", new Dictionary<string, object>
            {
                ["recoverySeconds"] = recoveries,
                ["detectionSeconds"] = detections,
                ["medianDetectionSeconds"] = Median(detections),
                ["reconfigurations"] = sources,
                ["stoppedRecoverySeconds"] = hangs,
                ["stoppedDetectionSeconds"] = hangDetections,
                ["heartbeatSeconds"] = HeartbeatSeconds,
                ["cores"] = Environment.ProcessorCount,
            });
        }
        finally
        {
            if (!demo.HasExited)
            {
                await SignalAsync(demo.Id, "INT");
                await demo.WaitForExitAsync();
            }
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process StartDemo(string folder, string trace, int port)
    {
        string command = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Parcae.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name, "parcae.dll"));
        var start = new ProcessStartInfo("dotnet",
            [command, "demo", "--json", "--instances", "4", "--interval", "3", "--trace", trace, "--redis-port", $"{port}", "--folder", Path.Combine(folder, "work"), "--report", Path.Combine(folder, "report.html")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var demo = Process.Start(start) ?? throw new InvalidOperationException("The demo did not start.");
        demo.ErrorDataReceived += (_, _) => { };
        demo.BeginErrorReadLine();
        demo.BeginOutputReadLine();
        return demo;
    }

    private static async Task<string> JobAsync(ParcaeClient client)
    {
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromMinutes(2);)
        {
            if (await client.ListJobsAsync() is [var job, ..]) return job;
            await Task.Delay(200);
        }
        throw new TimeoutException("The demo submitted no job within two minutes.");
    }

    /// <summary>Waits until all four instances are at work and ten steps went by in the same generation.</summary>
    private static async Task<JobStatus> SteadyAsync(ParcaeClient client, string job)
    {
        (int Generation, int Step) since = (0, 0);
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromMinutes(2);)
        {
            var status = await client.GetStatusAsync(job);
            bool whole = status is { Phase: JobPhase.Training, Plan: { } plan } && plan.Places.Length + status.Spares.Length >= 4;
            if (!whole || status.Plan!.Generation != since.Generation) since = (status.Plan?.Generation ?? 0, status.CommittedStep);
            else if (status.CommittedStep >= since.Step + 10) return status;
            await Task.Delay(50);
        }
        throw new TimeoutException("Four instances did not come to steady training within two minutes.");
    }

    private static async Task<(double Recovery, double Detection, GenerationRecord After)> LoseAsync(ParcaeClient client, string job, int demo, string victim, int generation, string signal)
    {
        int process = PidOf(demo, victim);
        var watch = Stopwatch.StartNew();
        await SignalAsync(process, signal);
        double? detection = null;
        while (watch.Elapsed < TimeSpan.FromMinutes(1))
        {
            var status = await client.GetStatusAsync(job);
            if (status.Phase != JobPhase.Training || status.Plan?.Generation > generation) detection ??= watch.Elapsed.TotalSeconds;
            if (status.Plan is { } plan && plan.Generation > generation && status.CommittedStep > plan.StartStep)
                return (watch.Elapsed.TotalSeconds, detection ?? watch.Elapsed.TotalSeconds, status.LastReconfiguration!);
            await Task.Delay(5);
        }
        throw new TimeoutException($"No step was committed within a minute of the loss of {victim}.");
    }

    private static async Task SignalAsync(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        await kill.WaitForExitAsync();
    }

    private static int PidOf(int parent, string instance)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc").Where(f => Path.GetFileName(f).All(char.IsAsciiDigit)))
        {
            string file = Path.Combine(folder, "cmdline");
            if (!File.Exists(file)) continue;
            string line = File.ReadAllText(file).Replace('\0', ' ');
            if (line.Contains($"--parent-pid {parent} ", StringComparison.Ordinal) && line.Contains($"--instance-id {instance} ", StringComparison.Ordinal)) return int.Parse(Path.GetFileName(folder));
        }
        throw new InvalidOperationException($"No process of instance {instance} was found.");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
