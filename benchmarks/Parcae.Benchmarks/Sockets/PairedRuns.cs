using System.Diagnostics;

namespace Parcae.Benchmarks.Sockets;

/// <summary>Ours and the peer's, taken alternately in one run, so that a busy machine is busy for both.</summary>
internal sealed class PairedRuns
{
    private readonly List<double> _ours = [], _peer = [];

    /// <summary>Times one of each.</summary>
    /// <param name="ours">What is measured.</param>
    /// <param name="peer">What it is compared with.</param>
    /// <param name="bytes">That either of them moves one way.</param>
    public async Task AddAsync(Func<Task> ours, Func<Task> peer, long bytes)
    {
        _peer.Add(await RateAsync(peer, bytes));
        _ours.Add(await RateAsync(ours, bytes));
    }

    public BenchmarkResult Result(string name, string method, Dictionary<string, object> detail)
    {
        var ratios = _ours.Zip(_peer, (a, b) => a / b).ToList();
        detail["method"] = method;
        detail["pairs"] = ratios.Count;
        detail["bestOurs"] = Math.Round(_ours.Max(), 3);
        detail["bestPeer"] = Math.Round(_peer.Max(), 3);
        detail["ratios"] = ratios.Select(r => Math.Round(r, 3)).ToArray();
        detail["cores"] = Environment.ProcessorCount;
        return new BenchmarkResult(name, Math.Round(Median(_ours), 3), Math.Round(Median(_peer), 3), Math.Round(Median(ratios), 3), "GB/s", detail);
    }

    private static async Task<double> RateAsync(Func<Task> run, long bytes)
    {
        var watch = Stopwatch.StartNew();
        await run();
        return bytes / watch.Elapsed.TotalSeconds / 1e9;
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
