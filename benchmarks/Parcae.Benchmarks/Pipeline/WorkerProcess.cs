using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>
/// The process of one worker, without a silo: <c>pipeline-process ID</c>. Asked <c>port</c>, it answers with its data plane's; asked <c>prepare COMMAND</c> (JSON) it prepares; asked
/// <c>run GENERATION STEP</c> it trains from that step to the job's last and answers when it has; asked <c>waits</c> it answers with what it last reported of its steps and of the seconds that it computed,
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

    public static async Task<int> RunAsync(string instance)
    {
        var reports = new WorkerProcess();
        var options = new GpuWorkerOptions { InstanceId = instance, TorchThreads = 1, Device = "cpu" };
        await using var host = new WorkerHost(Options.Create(options), reports, NullLoggerFactory.Instance);
        while (await Console.In.ReadLineAsync() is { } question)
        {
            await Console.Out.WriteLineAsync(question.Split(' ', 3) switch
            {
                ["port"] => $"{host.DataPlane.Port}",
                ["prepare", ..] => await PrepareAsync(host, question["prepare ".Length..]),
                ["run", var generation, var step] => await reports.TrainAsync(host, int.Parse(generation, CultureInfo.InvariantCulture), int.Parse(step, CultureInfo.InvariantCulture)),
                ["waits"] => await reports.WaitsAsync(),
                _ => throw new ArgumentException($"Asked '{question}': port, prepare COMMAND, run GENERATION STEP and waits are understood."),
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

    private async Task<string> WaitsAsync()
    {
        // The run's last report comes within a second of its end.
        StageTiming? timing;
        while (!_timings.TryGetValue(_generation, out timing)) await Task.Delay(50);
        return FormattableString.Invariant($"{timing.Steps} {timing.BusySeconds} {timing.PipelineWaitSeconds} {timing.ReduceWaitSeconds} {timing.BarrierWaitSeconds}");
    }
}
