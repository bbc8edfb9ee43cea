using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.TrainStep;

/// <summary>
/// The training step of one worker on a GPU beside a large matrix product of the same precision, and beside the same step in Python PyTorch where PARCAE_PYTORCH names the script and PARCAE_PYTHON the program.
/// They take turns.
/// </summary>
internal static class GpuStepBenchmark
{
    private const int Rounds = 5, StepsOfARound = 10, ProductSize = 8192, ProductsOfARound = 5;
    private const double ProductFlops = 2.0 * ProductSize * ProductSize * ProductSize;

    // float32 as the engine computes it; with whatever kernels Torch likes; with TF32 for products.
    private static readonly string[] Precisions = ["float32", "float32-any-order", "tf32", "bfloat16"];

    /// <param name="name"><c>small</c> (that of train-step) or <c>gpt2</c>.</param>
    /// <param name="precisions">Some of float32, float32-any-order, tf32, bfloat16; none: all.</param>
    public static BenchmarkResult Run(string name, string[] precisions)
    {
        var model = name switch
        {
            "small" => StepModel.Small,
            "gpt2" => StepModel.Gpt2,
            _ => throw new ArgumentException($"The model is '{name}'; it must be small or gpt2.", nameof(name)),
        };
        if (precisions.Except(Precisions).FirstOrDefault() is { } unknown)
            throw new ArgumentException($"The precision is '{unknown}'; it must be one of {string.Join(", ", Precisions)}.", nameof(precisions));
        var runs = (precisions.Length > 0 ? precisions : Precisions).ToDictionary(p => p, p => Measure(name, model, p));
        var first = runs.Values.First();
        return new BenchmarkResult("gpu-step", (double)first["stepFlops"], (double)first["productFlops"], (double)first["ratio"], "FLOP/s", new Dictionary<string, object>
        {
            ["gpu"] = GpuMemory.Describe(),
            ["model"] = model.Description,
            ["flopsOfAStep"] = model.Flops,
            ["formula"] = StepModel.Formula,
            ["product"] = $"{ProductSize} x {ProductSize} x {ProductSize}, in the precision of the run",
            ["runs"] = runs,
            ["torch"] = TorchSharp.torch.__version__,
            ["rounds"] = Rounds,
            ["stepsOfARound"] = StepsOfARound,
        });
    }

    private static Dictionary<string, object> Measure(string name, StepModel model, string precision)
    {
        var (steps, products, peers) = (new Turns(), new Turns(), new Turns());
        var (ratios, speedups) = (new List<double>(), new List<double>());
        var detail = new Dictionary<string, object>();
        using (var ours = LineProcess.OfSelf(["gpu-step-process", name, precision], WorkerEnvironment.Variables))
        using (var peer = Peer(model, precision))
        {
            if (peer is not null) detail["pytorch"] = peer.Ask("version");
            double before = GpuMemory.Used();
            ours.AskNumbers("step 5");
            detail["bytesOfTheGpu"] = ours.AskNumbers("memory")[0] - before;
            peer?.AskNumbers("step 5");
            ours.AskNumbers($"product {ProductSize} 2");
            for (int round = 0; round < Rounds; round++)
            {
                var (step, product, other) = (new Turns(), new Turns(), new Turns());
                step.Add(ours, $"step {StepsOfARound}", model.Flops);
                product.Add(ours, $"product {ProductSize} {ProductsOfARound}", ProductFlops);
                steps.Add(step);
                products.Add(product);
                ratios.Add(step.Rate / product.Rate);
                if (peer is null) continue;
                other.Add(peer, $"step {StepsOfARound}", model.Flops);
                peers.Add(other);
                speedups.Add(step.Rate / other.Rate);
            }

            detail["loss"] = ours.AskNumbers("loss")[0];
            if (peer is not null)
            {
                detail["pytorchMilliseconds"] = model.Flops / peers.Rate * 1e3;
                detail["pytorchBestMilliseconds"] = model.Flops / peers.Best * 1e3;
                detail["speedupOverPytorch"] = Median(speedups);
                detail["pytorchLoss"] = peer.AskNumbers("loss")[0];
            }
        }

        (detail["ratio"], detail["stepFlops"], detail["productFlops"]) = (Median(ratios), steps.Rate, products.Rate);
        (detail["milliseconds"], detail["bestMilliseconds"]) = (model.Flops / steps.Rate * 1e3, model.Flops / steps.Best * 1e3);
        (detail["tokensPerSecond"], detail["samplesPerSecond"]) = (model.Tokens * steps.Rate / model.Flops, model.Batch * steps.Rate / model.Flops);
        Console.Error.WriteLine($"{name}, {precision}: {string.Join(", ", detail.Select(d => $"{d.Key} {d.Value}"))}");
        return detail;
    }

    private static LineProcess? Peer(StepModel model, string precision)
    {
        if (Environment.GetEnvironmentVariable("PARCAE_PYTORCH") is not { } script) return null;
        string program = Environment.GetEnvironmentVariable("PARCAE_PYTHON") ?? "python3";
        return new LineProcess(program, [script, "1", .. model.Arguments, "cuda", precision], WorkerEnvironment.Variables);
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
