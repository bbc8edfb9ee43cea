using Parcae.Benchmarks;
using Parcae.Benchmarks.Sockets;

// Benchmarks that run in this process; those that are scripts of their own are called by ./run.
var benchmarks = new SortedDictionary<string, Func<Task<BenchmarkResult>>>(StringComparer.Ordinal)
{
    ["allreduce"] = AllReduceBenchmark.RunAsync,
    ["kill-recovery"] = KillRecoveryBenchmark.RunAsync,
    ["transfer"] = TransferBenchmark.RunAsync,
};

// The other side of a benchmark of two processes, started by the first one.
var peers = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["allreduce"] = AllReduceBenchmark.PeerAsync,
    ["transfer"] = TransferBenchmark.PeerAsync,
};

if (args is [var side, PeerProcess.Flag] && peers.TryGetValue(side, out var peer))
{
    await peer();
    return 0;
}

if (args is not [var name, ..] || !benchmarks.TryGetValue(name, out var benchmark))
{
    Console.Error.WriteLine($"Name one benchmark of {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine((await benchmark()).ToJson());
return 0;
