using System.Globalization;
using Parcae.Benchmarks;
using Parcae.Benchmarks.Fleet;
using Parcae.Benchmarks.Pause;
using Parcae.Benchmarks.Pipeline;
using Parcae.Benchmarks.Sockets;
using Parcae.Benchmarks.Telemetry;
using Parcae.Benchmarks.TrainStep;
using Parcae.Benchmarks.Vaults;
using Parcae.Grains;

// Processes that the benchmarks below start.
if (args is ["train-step-process", var threads, var parts])
    return StepProcess.RunOnCpu(int.Parse(threads, CultureInfo.InvariantCulture), int.Parse(parts, CultureInfo.InvariantCulture));
if (args is ["gpu-step-process", var model, var precision]) return StepProcess.RunOnGpu(model, precision);
if (args is ["pipeline-process", var instance]) return await WorkerProcess.RunAsync(instance, InstanceRole.Worker);
if (args is ["vault-process", var vault]) return await WorkerProcess.RunAsync(vault, InstanceRole.Vault);

// Those that need more than this program are started by a script of their own, see ./run.
var benchmarks = new SortedDictionary<string, Func<Task<BenchmarkResult>>>(StringComparer.Ordinal)
{
    ["allreduce"] = AllReduceBenchmark.RunAsync,
    ["fleet-1000"] = () => FleetBenchmark.RunAsync(args is [_, _, ..] ? [.. args[1..].Select(size => int.Parse(size, CultureInfo.InvariantCulture))] : [250, 500, 1000]),
    ["gpu-step"] = () => Task.FromResult(GpuStepBenchmark.Run(args is [_, var name, ..] ? name : "small", args is [_, _, .. var precisions] ? precisions : [])),
    ["gpu-transfer"] = GpuTransferBenchmark.RunAsync,
    ["kill-recovery"] = KillRecoveryBenchmark.RunAsync,
    ["pause"] = PauseBenchmark.RunAsync,
    ["pipeline"] = () => Task.FromResult(PipelineBenchmark.Run()),
    ["schedule"] = () => Task.FromResult(ScheduleBenchmark.Run()),
    ["telemetry"] = TelemetryBenchmark.RunAsync,
    ["train-step"] = () => Task.FromResult(TrainStepBenchmark.Run(args is [_, var microBatches] ? int.Parse(microBatches, CultureInfo.InvariantCulture) : 1)),
    ["transfer"] = TransferBenchmark.RunAsync,
    ["transfer-tls"] = TlsTransferBenchmark.RunAsync,
    ["vault"] = () => Task.FromResult(VaultBenchmark.Run()),
};

// The other side of a benchmark of two processes, started by the first one.
var peers = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["allreduce"] = AllReduceBenchmark.PeerAsync,
    ["transfer"] = TransferBenchmark.PeerAsync,
    ["transfer-tls"] = TlsTransferBenchmark.PeerAsync,
};

if (args is [var side, PeerProcess.Flag] && peers.TryGetValue(side, out var peer))
{
    await peer();
    return 0;
}

if (args is not [var wanted, ..] || !benchmarks.TryGetValue(wanted, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine((await benchmark()).ToJson());
return 0;
