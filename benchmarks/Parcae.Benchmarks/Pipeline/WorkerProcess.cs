using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>
/// The process of one worker, without a silo: <c>pipeline-process ID</c>; or of a state vault: <c>vault-process ID</c>. Asked <c>port</c>, it answers with its data plane's; asked <c>prepare COMMAND</c> (JSON) it prepares; asked
/// <c>run GENERATION STEP</c> it trains from that step to the job's last and answers when it has; asked <c>follow GENERATION STEP</c>, a vault begins to follow; asked <c>halt GENERATION</c> it comes to
/// rest, and answers with the version that it holds; asked <c>waits</c> it answers with what it last reported of its steps and of the seconds that it computed,
/// and waited for other stages, for other replicas, and at the barrier.
/// </summary>
internal sealed class WorkerProcess : IJobReporter
{
    /// <summary>
    /// A worker's, and besides: without tiers all code is compiled in the warm-up, not some of it, by every process for itself, while it is measured.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Environment = new Dictionary<string, string>(WorkerEnvironment.Variables) { ["DOTNET_TieredCompilation"] = "0" };

    private readonly ConcurrentDictionary<int, StageTiming> _timings = new();
    private int _generation;

    private WorkerProcess()
    {
    }

    public static async Task<int> RunAsync(string instance, InstanceRole role)
    {
        var reports = new WorkerProcess();
        string folder = Directory.CreateTempSubdirectory("parcae-benchmark-").FullName;
        try
        {
            var options = new GpuWorkerOptions { InstanceId = instance, Role = role, TorchThreads = 1, Device = "cpu", CheckpointFolder = folder };
            return await RunAsync(options, reports);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(GpuWorkerOptions options, WorkerProcess reports)
    {
        await using var host = new WorkerHost(Options.Create(options), reports, NullLoggerFactory.Instance);
        while (await Console.In.ReadLineAsync() is { } question)
        {
            await Console.Out.WriteLineAsync(question.Split(' ', 3) switch
            {
                ["port"] => $"{host.DataPlane.Port}",
                ["prepare", ..] => await PrepareAsync(host, question["prepare ".Length..]),
                ["run", var generation, var step] => await reports.TrainAsync(host, int.Parse(generation, CultureInfo.InvariantCulture), int.Parse(step, CultureInfo.InvariantCulture)),
                ["follow", var generation, var step] => await FollowAsync(host, int.Parse(generation, CultureInfo.InvariantCulture), int.Parse(step, CultureInfo.InvariantCulture)),
                ["halt", var generation] => await HaltAsync(host, int.Parse(generation, CultureInfo.InvariantCulture)),
                ["waits"] => await reports.WaitsAsync(),
                _ => throw new ArgumentException($"Asked '{question}': port, prepare COMMAND, run GENERATION STEP, follow GENERATION STEP, halt GENERATION and waits are understood."),
            });
        }

        return 0;
    }

    public Task<StepAck> ReportStepsAsync(string jobId, StepReport report)
    {
        if (report.Timing is { } timing) _timings[report.Generation] = timing;
        return Task.FromResult(new StepAck(report.Generation, report.Results is [.., var last] ? last.Step + 1 : 0));
    }

    public Task ReportBrokenAsync(string jobId, BrokenReport report) =>
        throw new InvalidOperationException($"{report.InstanceId} lost a peer: {JsonSerializer.Serialize(report)}");

    private static async Task<string> PrepareAsync(WorkerHost host, string json)
    {
        var report = await host.Prepare(JsonSerializer.Deserialize<PrepareCommand>(json) ?? throw new ArgumentException("No command was given."));
        return $"{report.Milliseconds}";
    }

    private async Task<string> TrainAsync(WorkerHost host, int generation, int step)
    {
        _generation = generation;
        await host.Switch(new SwitchCommand(PipelineBenchmark.JobId, generation, step));
        while ((await host.WorkerStatus(PipelineBenchmark.JobId)).Phase == WorkerPhase.Running) await Task.Delay(20);
        return $"{(await host.WorkerStatus(PipelineBenchmark.JobId)).Version}";
    }

    private static async Task<string> FollowAsync(WorkerHost host, int generation, int step)
    {
        await host.Switch(new SwitchCommand(PipelineBenchmark.JobId, generation, step));
        return "follows";
    }

    private static async Task<string> HaltAsync(WorkerHost host, int generation)
    {
        var held = await host.Halt(new HaltCommand(PipelineBenchmark.JobId, generation, HaltMode.AtBoundary, 0));
        return string.Join(" and ", held.Layers.Select(l => l.Version).Distinct());
    }

    private async Task<string> WaitsAsync()
    {
        // The run's last report comes within a second of its end.
        StageTiming? timing;
        while (!_timings.TryGetValue(_generation, out timing)) await Task.Delay(50);
        return FormattableString.Invariant($"{timing.Steps} {timing.BusySeconds} {timing.PipelineWaitSeconds} {timing.ReduceWaitSeconds} {timing.BarrierWaitSeconds}");
    }
}
