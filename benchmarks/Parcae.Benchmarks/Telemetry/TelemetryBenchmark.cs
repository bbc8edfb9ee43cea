using System.Diagnostics;
using Parcae.Benchmarks.Processes;
using Parcae.Cli.Demo.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.Telemetry;

/// <summary>
/// What telemetry costs: samples/s of a job of a service that sends traces, metrics and logs over OTLP beside the same of a service that sends nothing. Real processes, each service with a store,
/// a control silo and one worker; while one trains the other's job is paused, and each figure is set against those without just before and after it.
/// <para>
/// On a machine that others use, samples/s scatter by more than telemetry costs. So its cost is also taken directly: processor time of the worker's process outside the thread that trains (which does nothing for telemetry), as a share
/// of one core. What is more of it with telemetry is the most that telemetry can take from a worker that has one core.
/// </para>
/// </summary>
internal static class TelemetryBenchmark
{
    private const int Rounds = 5;
    private const int WarmUp = 3;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly JobSpec Spec = new()
    {
        Name = "telemetry",
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = 16, MicroBatches = 8, Vault = false },
        Planning = new PlanningSpec { MemoryBytes = 1L << 50, FlopsPerSecond = 30e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated", MaxInstances = 1 },
    };

    public static async Task<BenchmarkResult> RunAsync()
    {
        await using var sink = new TelemetrySink(FreePorts.Next());
        await using var off = await TrainingService.StartAsync([]);
        await using var on = await TrainingService.StartAsync(new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = sink.Endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            // Six times as often as by default, so that each round has some. Traces and logs go every five seconds, as they do by default.
            ["OTEL_METRIC_EXPORT_INTERVAL"] = $"{Round.TotalMilliseconds / 2:0}",
        });

        List<Figures> without = [await off.MeasureAsync()], with = [];
        List<double> ratios = [], costs = [];
        for (int round = 0; round < Rounds; round++)
        {
            with.Add(await on.MeasureAsync());
            without.Add(await off.MeasureAsync());
            ratios.Add(2 * with[^1].SamplesPerSecond / (without[^2].SamplesPerSecond + without[^1].SamplesPerSecond));
            costs.Add(with[^1].BesideTraining - (without[^2].BesideTraining + without[^1].BesideTraining) / 2);
            await Console.Error.WriteLineAsync($"round {round}: off {without[^1]}; on {with[^1]}; ratio {ratios[^1]:F3}, of a core {costs[^1]:F4}");
        }

        if (sink.Requests == 0) throw new InvalidOperationException("The service with telemetry sent nothing.");
        return new BenchmarkResult("telemetry", Median(with.Select(f => f.SamplesPerSecond)), Median(without.Select(f => f.SamplesPerSecond)), Median(ratios), "samples/s", new Dictionary<string, object>
        {
            ["ratios"] = ratios.Select(r => Math.Round(r, 4)),
            ["besideTraining"] = new
            {
                on = Math.Round(Median(with.Select(f => f.BesideTraining)), 4),
                off = Math.Round(Median(without.Select(f => f.BesideTraining)), 4),
                more = Math.Round(Median(costs), 4),
                rounds = costs.Select(c => Math.Round(c, 4)),
                unit = "of one core: processor seconds of the worker's process outside its training thread, per second",
            },
            ["sent"] = new { requests = sink.Requests, bytes = sink.Bytes },
            ["method"] = $"two services, taking turns of {Round.TotalSeconds:0} s; samples/s from the wall time of the steps as the worker measures it; on: traces and logs every 5 s and metrics every {Round.TotalSeconds / 2:0} s over OTLP (HTTP) to a sink in this process; ratio: median over the rounds of samples/s with telemetry to the mean without just before and after",
            ["rounds"] = Rounds,
            ["device"] = "cpu",
            ["cores"] = Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private sealed record Figures(double SamplesPerSecond, double BesideTraining)
    {
        public override string ToString() => $"{SamplesPerSecond:F2} samples/s, {BesideTraining:F4} of a core beside training";
    }

    /// <summary>A service with one worker and one job, which is paused whenever it is not measured.</summary>
    private sealed class TrainingService(MeasuredService service, string job) : IAsyncDisposable
    {
        private const string Worker = "i-1";

        /// <summary>Starts one whose processes have more of an environment than this one.</summary>
        public static async Task<TrainingService> StartAsync(Dictionary<string, string> environment)
        {
            foreach (var (name, value) in environment) Environment.SetEnvironmentVariable(name, value);
            var service = await MeasuredService.StartAsync();
            await service.JoinAsync(Worker);
            foreach (string name in environment.Keys) Environment.SetEnvironmentVariable(name, null);
            var training = new TrainingService(service, await service.Client.SubmitAsync(Spec));
            await training.UntilAsync(s => s is { Phase: JobPhase.Training, CommittedStep: >= 2 * WarmUp });
            await training.PauseAsync();
            return training;
        }

        public async Task<Figures> MeasureAsync()
        {
            await service.Client.ResumeAsync(job);
            int begun = (await UntilAsync(s => s.Phase == JobPhase.Training)).CommittedStep;
            int from = (await UntilAsync(s => s.CommittedStep >= begun + WarmUp)).CommittedStep;
            double before = BesideTraining;
            long start = Stopwatch.GetTimestamp();
            await Task.Delay(Round, service.Failed);
            int to = (await service.Client.GetStatusAsync(job)).CommittedStep;
            double used = (BesideTraining - before) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            await PauseAsync();
            var steps = (await service.Client.GetHistoryAsync(job, from)).Steps.Where(s => s.Step < to).ToArray();
            return new Figures(steps.Sum(s => s.Samples) / steps.Sum(s => s.Seconds), used);
        }

        /// <summary>Processor seconds of the worker's process so far, without those of the thread that trains.</summary>
        private double BesideTraining
        {
            get
            {
                int process = service.ProcessOf(Worker);
                return ProcessUsage.Of(process).Seconds - ProcessUsage.OfThreads(process, "train-").Seconds;
            }
        }

        public ValueTask DisposeAsync() => service.DisposeAsync();

        private async Task PauseAsync()
        {
            await service.Client.PauseAsync(job);
            await UntilAsync(s => s.Phase == JobPhase.Paused);
        }

        private async Task<JobStatus> UntilAsync(Func<JobStatus, bool> wanted)
        {
            for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await Task.Delay(20, service.Failed))
            {
                var status = await service.Client.GetStatusAsync(job);
                if (wanted(status)) return status;
                if (status.Phase == JobPhase.Failed) throw new InvalidOperationException($"{job} failed: {status.Reason}");
            }

            throw new TimeoutException($"{job} did not get there within {Patience.TotalSeconds:0} s.");
        }
    }
}
