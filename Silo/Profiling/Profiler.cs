using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Parcae.Grains;
using Parcae.Grains.Profiling;
using Parcae.Liveput.Profiles;

namespace Parcae.Silo.Profiling;

/// <summary>Measures a model on this machine: start of a worker, layers, link, checkpoint, then steps of every strategy that the machine has cores and time for.</summary>
internal sealed class Profiler(ProfileRequest request, Action<string, double> progress)
{
    private const int LinkRounds = 7;

    private static readonly long[] LinkBytes = [1L << 10, 1L << 14, 1L << 18, 1L << 22, 1L << 25];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>Measures.</summary>
    /// <exception cref="ProfileException">It cannot be measured; the message says why.</exception>
    public async Task<ProfileMeasurements> RunAsync()
    {
        var spec = request.Spec;
        if (JobSpecValidation.Problems(spec) is { Count: > 0 } problems) throw new ProfileException(string.Join(Environment.NewLine, problems));
        var workers = new List<ProfileChild>();
        try
        {
            progress("starting a worker", 0);
            workers.Add(await ProfileChild.StartAsync("w1", request.Threads));
            progress("timing each layer", 0.05);
            var layers = await workers[0].CallAsync<LayersAnswer>(ProfileCalls.Layers, new LayersCall(spec, request.LayerBudgetSeconds), Patience);
            if (layers.Outline.Layers.All(l => l.ForwardSeconds is null))
                throw new ProfileException($"No layer of the model ({layers.Outline.Description}) could be measured: there is not enough free memory for it on this machine.");

            progress("timing transfers between two processes", 0.25);
            workers.Add(await ProfileChild.StartAsync("w2", request.Threads));
            var links = await LinksAsync(workers[0], workers[1]);
            progress("timing a write of the state to disk", 0.3);
            double checkpoint = CheckpointMs(layers.Outline);

            var (strategies, connect) = await StrategiesAsync(workers, layers, links);
            return new ProfileMeasurements
            {
                Outline = layers.Outline,
                UpdateSeconds = layers.UpdateSeconds,
                Links = links,
                Strategies = strategies,
                ProcessStartMs = workers[0].StartTook.TotalMilliseconds,
                ConnectMs = connect,
                CheckpointMs = checkpoint,
                Machine = $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB, {RuntimeInformation.OSDescription}",
            };
        }
        finally
        {
            foreach (var worker in workers) await worker.DisposeAsync();
        }
    }

    /// <summary>Sizes up to what a mesh takes in one frame.</summary>
    private async Task<LinkTime[]> LinksAsync(ProfileChild one, ProfileChild other)
    {
        LinkCall Call(ProfileChild peer, bool leads) => new(peer.Endpoint, _secret, leads, LinkBytes, LinkRounds);
        var receiving = other.CallAsync<LinkTime[]>(ProfileCalls.Link, Call(one, false), Patience);
        var times = await one.CallAsync<LinkTime[]>(ProfileCalls.Link, Call(other, true), Patience);
        await receiving;

        // More bytes never take less time; where the machine says so, it was disturbed.
        for (int i = 1; i < times.Length; i++) times[i] = times[i] with { Milliseconds = Math.Max(times[i].Milliseconds, times[i - 1].Milliseconds) };
        return times;
    }

    private async Task<(StrategyTime[] Times, double ConnectMs)> StrategiesAsync(List<ProfileChild> workers, LayersAnswer layers, LinkTime[] links)
    {
        var spec = request.Spec;
        var costs = layers.Outline.Layers.Zip(layers.UpdateSeconds, (l, update) =>
            new LayerCost(l.Length, l.ForwardFlops, l.ActivationBytes, l.OutputBytes, l.ForwardSeconds, l.BackwardSeconds, update)).ToArray();
        var accelerator = new AcceleratorSpec(spec.Planning.MemoryBytes, spec.Planning.FlopsPerSecond, links[^1].Bytes / (links[^1].Milliseconds / 1000));
        var model = new StepTimeModel(costs, spec.Training.GlobalBatch, spec.Training.MicroBatches, accelerator, new TrainingMode(spec.Training.OptimizerSlots, spec.Training.Recompute));

        var feasible = new List<(int Pipelines, (int First, int Count)[] Stages, double Seconds)>();
        int most = Math.Max(1, Environment.ProcessorCount / request.Threads);
        for (int depth = 1; depth <= Math.Min(Math.Min(request.MaxDepth, costs.Length), most); depth++)
        {
            if (model.Partition(depth) is not { } stages) continue;
            for (int pipelines = 1; pipelines <= Math.Min(request.MaxPipelines, spec.Training.MicroBatches) && pipelines * depth <= most; pipelines++)
            {
                if (model.Fits(stages, pipelines)) feasible.Add((pipelines, stages, model.StepSeconds(stages, pipelines)));
            }
        }

        var times = new List<StrategyTime>();
        double connect = 0;
        long start = Stopwatch.GetTimestamp();
        foreach (var (i, (pipelines, stages, seconds)) in feasible.OrderBy(f => f.Seconds).Index())
        {
            double left = request.StepBudgetSeconds - Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (seconds * (StrategyRun.WarmUp + StrategyRun.Counted) > left / (feasible.Count - i)) continue;
            progress($"training {StrategyRun.WarmUp + StrategyRun.Counted} steps of {pipelines} x {stages.Length}", 0.35 + (0.6 * i / feasible.Count));
            while (workers.Count < pipelines * stages.Length) workers.Add(await ProfileChild.StartAsync($"w{workers.Count + 1}", request.Threads));
            var run = new StrategyRun(spec, _secret, workers);
            times.Add(await run.RunAsync(i + 1, pipelines, [.. stages.Select(s => new LayerRange(s.First, s.Count))], TimeSpan.FromSeconds(30 + (10 * Math.Max(left, seconds)))));
            connect = Math.Max(connect, run.ConnectMs);
        }

        return ([.. times.OrderBy(t => t.Depth).ThenBy(t => t.Pipelines)], connect);
    }

    private static double CheckpointMs(ModelOutline outline)
    {
        // A part of a large state is enough: a disk's speed hardly depends on it.
        const long Most = 64 << 20;
        long bytes = outline.Layers.Sum(l => l.Length) * outline.StateBytesPerParameter;
        var part = new byte[Math.Min(bytes, Most)];
        string path = Path.Combine(Path.GetTempPath(), $"parcae-profile-{Guid.NewGuid():N}");
        try
        {
            long start = Stopwatch.GetTimestamp();
            using (var file = new FileStream(path, FileMode.CreateNew))
            {
                file.Write(part);
                file.Flush(flushToDisk: true);
            }

            return Stopwatch.GetElapsedTime(start).TotalMilliseconds * bytes / part.Length;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
