using System.Globalization;
using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>
/// The training step of one worker beside a large float32 matrix product and beside the same step in Python PyTorch, with one and with two threads. They take turns, so that whatever else the
/// machine does meets all of them alike, and a round's figures are set against each other.
/// </summary>
internal static class TrainStepBenchmark
{
    private const int Rounds = 7, StepsOfARound = 3;
    private const int ProductSize = 2048, ProductsBesideAStep = 8;
    private const double ProductFlops = 2.0 * ProductSize * ProductSize * ProductSize;

    // Threads that spin while they wait take the cores from each other where the cores are shared.
    public static BenchmarkResult Run(int microBatches)
    {
        string? python = Environment.GetEnvironmentVariable("PARCAE_PYTORCH");
        var runs = Enumerable.Range(1, 2).Select(threads => Measure(threads, microBatches, python)).ToArray();
        var worst = runs.MinBy(r => r.Ratio)!;
        return new BenchmarkResult("train-step", worst.Step, worst.Product, worst.Ratio, "FLOP/s", new Dictionary<string, object>
        {
            ["model"] = StepModel.Small.Description,
            ["microBatches"] = microBatches,
            ["flopsOfAStep"] = StepModel.Small.Flops,
            ["formula"] = StepModel.Formula,
            ["product"] = $"{ProductSize} x {ProductSize} x {ProductSize}, float32, in our process, before and after every step for about as long as the step takes",
            ["ratio"] = "median over the rounds of (FLOP/s of the round's steps / FLOP/s of the round's products), by the clock; the lower one of both thread counts",
            ["ratioOfBests"] = "fastest step / fastest product",
            ["cpuRatio"] = "the same by processor time of the process, which a busy machine disturbs less; it does not see a thread wait for another",
            ["runs"] = runs.Select(r => r.Detail).ToArray(),
            ["torch"] = TorchSharp.torch.__version__,
            ["pytorch"] = runs[0].Pytorch ?? "not to be had: see the lines above",
            ["environment"] = WorkerEnvironment.Variables,
            ["rounds"] = Rounds,
            ["stepsOfARound"] = StepsOfARound,
            ["cores"] = Environment.ProcessorCount,
            ["load"] = File.ReadAllText("/proc/loadavg").Split(' ')[0],
        });
    }

    private static ThreadRun Measure(int threads, int microBatches, string? python)
    {
        string count = threads.ToString(CultureInfo.InvariantCulture);
        using var ours = LineProcess.OfSelf(["train-step-process", count, microBatches.ToString(CultureInfo.InvariantCulture)], WorkerEnvironment.Variables);
        using var peer = python is null ? null : new LineProcess(
            // OpenBLAS with its own threads does not go by Torch's number.
            "/usr/bin/python3", [python, count, .. StepModel.Small.Arguments], new Dictionary<string, string>(WorkerEnvironment.Variables) { ["OPENBLAS_NUM_THREADS"] = count, ["OMP_NUM_THREADS"] = count });
        string? version = peer?.Ask("version");
        ours.AskNumbers("step 3");
        ours.AskNumbers($"product {ProductSize} 2");
        peer?.AskNumbers("step 1");

        var (ratios, cpuRatios, speedups) = (new List<double>(), new List<double>(), new List<double>());
        var (steps, products, peers, peerProducts) = (new Turns(), new Turns(), new Turns(), new Turns());
        for (int round = 0; round < Rounds; round++)
        {
            var (step, product, other) = (new Turns(), new Turns(), new Turns());
            // As long as the steps, or products would find more of the moments at which the machine is free.
            product.Add(ours, $"product {ProductSize} {ProductsBesideAStep}", ProductFlops);
            for (int i = 0; i < StepsOfARound; i++)
            {
                step.Add(ours, "step 1", StepModel.Small.Flops);
                product.Add(ours, $"product {ProductSize} {ProductsBesideAStep}", ProductFlops);
            }

            ratios.Add(step.Rate / product.Rate);
            cpuRatios.Add(step.CpuRate / product.CpuRate);
            steps.Add(step);
            products.Add(product);
            if (peer is not null)
            {
                other.Add(peer, "step 1", StepModel.Small.Flops);
                peers.Add(other);
                peerProducts.Add(peer, $"product {ProductSize} 2", ProductFlops);
                speedups.Add(step.Rate / other.Rate);
            }

            Console.Error.WriteLine($"{threads} threads, round {round}: step {step.Rate / 1e9:F1} GFLOP/s ({Tokens(step.Rate):F0} tokens/s), product {product.Rate / 1e9:F1}, ratio {ratios[^1]:F3}, by processor time {cpuRatios[^1]:F3}"
                + (peer is null ? "" : $"; PyTorch {Tokens(other.Rate):F0} tokens/s"));
        }

        var detail = new Dictionary<string, object?>
        {
            ["threads"] = threads,
            ["ratio"] = Median(ratios),
            ["ratios"] = ratios.Select(r => Math.Round(r, 3)).ToArray(),
            ["ratioOfBests"] = steps.Best / products.Best,
            ["cpuRatio"] = Median(cpuRatios),
            ["stepGflops"] = steps.Rate / 1e9,
            ["productGflops"] = products.Rate / 1e9,
            ["bestProductGflops"] = products.Best / 1e9,
            ["tokensPerSecond"] = Tokens(steps.Rate),
            ["bestTokensPerSecond"] = Tokens(steps.Best),
            ["pytorchTokensPerSecond"] = peer is null ? null : Tokens(peers.Rate),
            ["pytorchBestTokensPerSecond"] = peer is null ? null : Tokens(peers.Best),
            ["pytorchProductGflops"] = peer is null ? null : peerProducts.Best / 1e9,
            ["speedupOverPytorch"] = peer is null ? null : Median(speedups),
            ["loss"] = ours.AskNumbers("loss")[0],
            ["pytorchLoss"] = peer?.AskNumbers("loss")[0],
        };
        return new ThreadRun(Median(ratios), steps.Rate, products.Rate, version, detail);
    }

    private static double Tokens(double flopsPerSecond) => flopsPerSecond / StepModel.Small.Flops * StepModel.Small.Tokens;

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private sealed record ThreadRun(double Ratio, double Step, double Product, string? Pytorch, Dictionary<string, object?> Detail);
}
