using System.Diagnostics;

namespace Parcae.Benchmarks.Sockets;

/// <summary>Ours and the peer's, taken alternately in one run, so that a busy machine is busy for both.</summary>
/// <param name="processorTime">Of all processes that take part, so far.</param>
internal sealed class PairedRuns(Func<TimeSpan> processorTime)
{
    private readonly List<double> _ours = [], _peer = [];
    private readonly List<double> _oursProcessor = [], _peerProcessor = [];

    /// <summary>Times one of each.</summary>
    /// <param name="ours">What is measured.</param>
    /// <param name="peer">What it is compared with.</param>
    /// <param name="bytes">That either of them moves one way.</param>
    public async Task AddAsync(Func<Task> ours, Func<Task> peer, long bytes)
    {
        await RateAsync(peer, bytes, _peer, _peerProcessor);
        await RateAsync(ours, bytes, _ours, _oursProcessor);
    }

    public BenchmarkResult Result(string name, string method, Dictionary<string, object> detail)
    {
        var ratios = _ours.Zip(_peer, (a, b) => a / b).ToList();
        detail["method"] = method;
        detail["pairs"] = ratios.Count;
        detail["bestOurs"] = Math.Round(_ours.Max(), 3);
        detail["bestPeer"] = Math.Round(_peer.Max(), 3);
        detail["ratios"] = ratios.Select(r => Math.Round(r, 3)).ToArray();
        detail["processorMillisecondsOurs"] = Math.Round(Median(_oursProcessor), 1);
        detail["processorMillisecondsPeer"] = Math.Round(Median(_peerProcessor), 1);
        detail["cores"] = Environment.ProcessorCount;
        return new BenchmarkResult(name, Math.Round(Median(_ours), 3), Math.Round(Median(_peer), 3), Math.Round(Median(ratios), 3), "GB/s", detail);
    }

    private async Task RateAsync(Func<Task> run, long bytes, List<double> rates, List<double> processorMilliseconds)
    {
        var before = processorTime();
        var watch = Stopwatch.StartNew();
        await run();
        rates.Add(bytes / watch.Elapsed.TotalSeconds / 1e9);
        processorMilliseconds.Add((processorTime() - before).TotalMilliseconds);
    }

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
