using System.Globalization;
using Parcae.Benchmarks.Processes;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>
/// The training step of one worker beside a large float32 matrix product and beside the same step in Python PyTorch, with one and with two threads. Each is a process of its own; they take
/// turns, so that whatever else the machine does meets all of them alike, and a round's figures are set against each other.
/// </summary>
internal static class TrainStepBenchmark
{
    private const int Rounds = 9;
    private const int ProductSize = 2048;

    // Threads that spin while they wait take the cores from each other where the cores are shared.
    private static readonly Dictionary<string, string> Passive = new() { ["OMP_WAIT_POLICY"] = "passive" };

    public static BenchmarkResult Run(int microBatches)
    {
        string? python = Environment.GetEnvironmentVariable("PARCAE_PYTORCH");
        var runs = Enumerable.Range(1, 2).Select(threads => Measure(threads, microBatches, python)).ToArray();
        var worst = runs.MinBy(r => r.Ratio)!;
        return new BenchmarkResult("train-step", worst.Step, worst.Product, worst.Ratio, "FLOP/s", new Dictionary<string, object>
        {
            ["model"] = $"GPT, {StepModel.Spec.Blocks} blocks x {StepModel.Spec.Hidden}, {StepModel.Spec.Heads} heads, {StepModel.Spec.Parameters} parameters, batch {StepModel.Batch} x {StepModel.Spec.SequenceLength}",
            ["microBatches"] = microBatches,
            ["flopsOfAStep"] = StepModel.Flops,
            ["formula"] = StepModel.Formula,
            ["product"] = $"{ProductSize} x {ProductSize} x {ProductSize}, float32, Torch of ours; the best of a round's",
            ["ratio"] = "median over the rounds of (FLOP/s of the round's median step / FLOP/s of the round's best product); the lower one of both thread counts",
            ["runs"] = runs.Select(r => r.Detail).ToArray(),
            ["torch"] = TorchSharp.torch.__version__,
            ["pytorch"] = runs[0].Pytorch ?? "not to be had: see the lines above",
            ["waitPolicy"] = "OMP_WAIT_POLICY=passive for all",
            ["rounds"] = Rounds,
            ["cores"] = Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static ThreadRun Measure(int threads, int microBatches, string? python)
    {
        string count = threads.ToString(CultureInfo.InvariantCulture);
        using var ours = LineProcess.OfSelf(["train-step-process", count, microBatches.ToString(CultureInfo.InvariantCulture)], Passive);
        using var peer = python is null ? null : new LineProcess("/usr/bin/python3", [python, count, .. StepModel.Arguments], Passive);
        string? version = peer?.Ask("version");
        ours.AskNumbers("step 3");
        ours.AskNumbers($"product {ProductSize} 2");
        peer?.AskNumbers("step 1");
        var (ratios, products, steps, peers, peerProducts) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            double[] before = ours.AskNumbers($"product {ProductSize} 3"), own = ours.AskNumbers("step 3"), after = ours.AskNumbers($"product {ProductSize} 3");
            double product = 2 * Math.Pow(ProductSize, 3) / before.Concat(after).Min(), step = StepModel.Flops / Median(own);
            products.Add(product);
            steps.Add(step);
            ratios.Add(step / product);
            if (peer is not null)
            {
                peers.AddRange(peer.AskNumbers("step 1"));
                peerProducts.Add(2 * Math.Pow(ProductSize, 3) / peer.AskNumbers($"product {ProductSize} 2").Min());
            }

            Console.Error.WriteLine($"{threads} threads, round {round}: step {step / 1e9:F1} GFLOP/s ({StepModel.Tokens / Median(own):F0} tokens/s), product {product / 1e9:F1}, ratio {ratios[^1]:F3}"
                + (peer is null ? "" : $"; PyTorch {StepModel.Tokens / peers[^1]:F0} tokens/s, its product {peerProducts[^1] / 1e9:F1}"));
        }

        var detail = new Dictionary<string, object?>
        {
            ["threads"] = threads,
            ["ratio"] = Median(ratios),
            ["ratios"] = ratios.Select(r => Math.Round(r, 3)).ToArray(),
            ["ratioOfBests"] = steps.Max() / products.Max(),
            ["stepGflops"] = Median(steps) / 1e9,
            ["productGflops"] = Median(products) / 1e9,
            ["bestProductGflops"] = products.Max() / 1e9,
            ["tokensPerSecond"] = Median(steps) / StepModel.Flops * StepModel.Tokens,
            ["pytorchTokensPerSecond"] = peer is null ? null : StepModel.Tokens / Median(peers),
            ["pytorchBestTokensPerSecond"] = peer is null ? null : StepModel.Tokens / peers.Min(),
            ["pytorchProductGflops"] = peer is null ? null : peerProducts.Max() / 1e9,
            ["loss"] = ours.AskNumbers("loss")[0],
            ["pytorchLoss"] = peer?.AskNumbers("loss")[0],
        };
        return new ThreadRun(Median(ratios), Median(steps), Median(products), version, detail);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private sealed record ThreadRun(double Ratio, double Step, double Product, string? Pytorch, Dictionary<string, object?> Detail);
}
