using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Parcae.Benchmarks.Processes;
using Parcae.Grains;

namespace Parcae.Benchmarks.Pipeline;

/// <summary>The worker processes of one strategy, which train a job a few steps at a time: each time a generation of its own, to which every layer is at hand already.</summary>
internal sealed class Replicas : IDisposable
{
    private readonly JobSpec _spec;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly (LineProcess Process, Place Place)[] _workers;
    private readonly LayerRange[] _stages;
    private int _generation;

    /// <summary>Starts the processes.</summary>
    /// <param name="spec">The job, of any number of steps.</param>
    /// <param name="pipelines">D.</param>
    /// <param name="stages">The layers of each stage.</param>
    /// <param name="environment">Variables that they get.</param>
    public Replicas(JobSpec spec, int pipelines, LayerRange[] stages, IReadOnlyDictionary<string, string> environment)
    {
        (_spec, _stages, Pipelines) = (spec, stages, pipelines);
        _workers = [.. Enumerable.Range(0, pipelines * stages.Length).Select(i =>
        {
            string id = $"worker-{i}";
            var process = LineProcess.OfSelf(["pipeline-process", id], environment);
            int port = int.Parse(process.Ask("port"), CultureInfo.InvariantCulture);
            return (process, new Place(i / stages.Length, i % stages.Length, new PeerEndpoint(id, "127.0.0.1", port)));
        })];
    }

    /// <summary>D.</summary>
    public int Pipelines { get; }

    /// <summary>P.</summary>
    public int Depth => _stages.Length;

    /// <summary>Steps trained so far.</summary>
    public int Steps { get; private set; }

    /// <summary>Trains some steps.</summary>
    /// <returns>User and system seconds of all processes together, from the first step's begin to the last one's end.</returns>
    public double Train(int steps)
    {
        int from = Steps;
        Steps += steps;
        var plan = new GenerationPlan
        {
            JobId = PipelineBenchmark.JobId,
            Generation = ++_generation,
            Pipelines = Pipelines,
            Depth = Depth,
            Stages = _stages,
            Places = [.. _workers.Select(w => w.Place)],
            StartStep = from,
        };
        var command = new PrepareCommand
        {
            Plan = plan,
            Spec = _spec with { Training = _spec.Training with { Steps = Steps } },
            Secret = _secret,
            Sources = [.. Enumerable.Range(0, _stages.Sum(s => s.Count)).Select(layer => new LayerSource(layer, []))],
        };
        All($"prepare {JsonSerializer.Serialize(command)}");
        double before = CpuSeconds;
        if (All($"run {_generation} {from}").FirstOrDefault(version => version != $"{Steps}") is { } wrong)
            throw new InvalidOperationException($"A worker of {Pipelines} x {Depth} stopped at version {wrong} instead of {Steps}.");
        return CpuSeconds - before;
    }

    /// <summary>For each replica: stage, then the shares of the last steps' time that it computed, and waited for other stages, other replicas, and at the barrier.</summary>
    public object[] Waits() => [.. _workers.Select(w =>
    {
        var seconds = w.Process.AskNumbers("waits")[1..];
        double all = seconds.Sum();
        return new { stage = w.Place.Stage, busy = Share(0), pipelineWait = Share(1), reduceWait = Share(2), barrierWait = Share(3) };
        double Share(int i) => Math.Round(seconds[i] / all, 3);
    })];

    public void Dispose()
    {
        foreach (var (process, _) in _workers) process.Dispose();
    }

    private double CpuSeconds => _workers.Sum(w => w.Process.CpuSeconds);

    private string[] All(string question) => [.. _workers.AsParallel().AsOrdered().WithDegreeOfParallelism(_workers.Length).Select(w => w.Process.Ask(question))];
}
