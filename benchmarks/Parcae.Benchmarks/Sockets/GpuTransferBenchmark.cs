using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.Benchmarks.TrainStep;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.Benchmarks.Sockets;

/// <summary>
/// The state of a GPT-2 on a GPU, fetched over the data plane into other tensors of the GPU as workers do it, through page-locked host memory and, taking turns, through ordinary memory; and an activation's way to the host
/// and back, both ways. One process, one GPU.
/// </summary>
internal static class GpuTransferBenchmark
{
    private const int Pairs = 7, Copies = 50;

    public static async Task<BenchmarkResult> RunAsync()
    {
        var device = ComputeDevice.Choose("cuda");
        var spec = new JobSpec { Model = StepModel.Gpt2.Spec, Data = new DataSpec { Kind = "synthetic" }, Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 1 } };
        var model = ModelFactory.Create(spec.Model);
        var secret = RandomNumberGenerator.GetBytes(32);
        using var held = new LayerStore();
        for (int layer = 0; layer < model.LayerCount; layer++) held.Add(LayerState.Initialize(model, layer, spec.Training, device));
        held.Settle();
        long bytes = held.Held.Sum(l => l.ByteCount);
        await using DataPlane source = DataPlane.Listen(new DataPlaneOptions(), "a", NullLogger.Instance), target = DataPlane.Listen(new DataPlaneOptions(), "b", NullLogger.Instance);
        using var serving = source.ServeState("job", secret, new LayerStateSource(held));

        double locks = await FetchAsync(), pages = 0;
        var (locked, pageable) = (new List<double>(), new List<double>());
        for (int pair = 0; pair < Pairs; pair++)
        {
            HostStaging.PageLocks = false;
            pageable.Add(pages = await FetchAsync());
            HostStaging.PageLocks = true;
            locked.Add(locks = await FetchAsync());
            Console.Error.WriteLine($"pair {pair}: page-locked {bytes / locks / 1e9:F2} GB/s, pageable {bytes / pages / 1e9:F2} GB/s");
        }

        var (there, back) = Activation(device, locked: true);
        var (thereByPages, backByPages) = Activation(device, locked: false);
        return new BenchmarkResult("gpu-transfer", bytes / Median(locked) / 1e9, bytes / Median(pageable) / 1e9, Median(pageable) / Median(locked), "GB/s", new Dictionary<string, object>
        {
            ["gpu"] = GpuMemory.Describe(),
            ["method"] = $"medians of {Pairs} pairs; {bytes} bytes in {model.LayerCount} layers, GPU to GPU in one process over loopback; peer: the same through ordinary host memory",
            ["activation"] = $"float32 [8, 1024, 768], {Copies} copies each way, GB/s: page-locked to the host {there:F1}, back {back:F1}; ordinary memory {thereByPages:F1}, back {backByPages:F1}",
            ["cores"] = Environment.ProcessorCount,
        });

        async Task<double> FetchAsync()
        {
            using var store = new LayerStore();
            var plan = new GenerationPlan { JobId = "job", Generation = 1, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = 0 };
            PeerEndpoint[] holders = [new PeerEndpoint("a", "127.0.0.1", source.Port)];
            var command = new PrepareCommand { Plan = plan, Spec = spec, Salt = secret, Sources = [.. Enumerable.Range(0, model.LayerCount).Select(layer => new LayerSource(layer, holders))] };
            long start = Stopwatch.GetTimestamp();
            await LayerFetch.RunAsync(command, [.. Enumerable.Range(0, model.LayerCount)], model, store, target, device, CancellationToken.None);
            cuda.synchronize();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            foreach (var (ours, theirs) in store.Held.Zip(held.Held).SelectMany(l => l.First.Tensors.Zip(l.Second.Tensors)))
            {
                if (!ours.equal(theirs).all().item<bool>()) throw new InvalidOperationException("What was fetched is not what was held.");
            }

            return seconds;
        }
    }

    private static (double There, double Back) Activation(Device device, bool locked)
    {
        using var scope = NewDisposeScope();
        HostStaging.PageLocks = locked;
        using var staging = new HostStaging();
        var activation = randn(8, 1024, 768, device: device);
        double bytes = activation.numel() * sizeof(float);
        var times = new (double There, double Back)[Copies];
        for (int i = -5; i < Copies; i++)
        {
            cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            _ = staging.Read(activation);
            double there = Stopwatch.GetElapsedTime(start).TotalSeconds;
            start = Stopwatch.GetTimestamp();
            staging.Write(activation);
            cuda.synchronize();
            if (i >= 0) times[i] = (bytes / there / 1e9, bytes / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }

        HostStaging.PageLocks = true;
        return (Median(times.Select(t => t.There)), Median(times.Select(t => t.Back)));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
