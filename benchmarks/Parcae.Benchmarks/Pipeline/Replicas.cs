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
    private readonly LineProcess? _vault;
    private readonly PeerEndpoint? _vaultAt;
    private int _generation;

    /// <summary>Starts the processes.</summary>
    /// <param name="spec">The job, of any number of steps.</param>
    /// <param name="pipelines">D.</param>
    /// <param name="stages">The layers of each stage.</param>
    /// <param name="environment">Variables that they get.</param>
    /// <param name="core">The core that all workers share, or null: any.</param>
    /// <param name="vaultCore">The core of a state vault that follows, or null: there is none.</param>
    public Replicas(JobSpec spec, int pipelines, LayerRange[] stages, IReadOnlyDictionary<string, string> environment, int? core = null, int? vaultCore = null)
    {
        (_spec, _stages, Pipelines) = (spec, stages, pipelines);
        _workers = [.. Enumerable.Range(0, pipelines * stages.Length).Select(i =>
        {
            string id = $"worker-{i}";
            var process = LineProcess.OfSelf(["pipeline-process", id], environment, core);
            return (process, new Place(i / stages.Length, i % stages.Length, At(process, id)));
        })];
        if (vaultCore is null) return;
        _vault = LineProcess.OfSelf(["vault-process", "vault"], environment, vaultCore);
        _vaultAt = At(_vault, "vault");
    }

    /// <summary>D.</summary>
    public int Pipelines { get; }

    /// <summary>P.</summary>
    public int Depth => _stages.Length;

    /// <summary>Steps trained so far.</summary>
    public int Steps { get; private set; }

    /// <summary>User and system seconds of the vault in the last steps, until it had applied them all; 0 without one.</summary>
    public double VaultCpuSeconds { get; private set; }

    /// <summary>Wall time of a step of the last ones, seconds, until the training thread was free for the next one: the mean over the replicas.</summary>
    public double StepSeconds => _workers.Average(w => w.Process.AskNumbers("waits") is [var steps, .. var seconds] ? seconds.Sum() / steps : double.NaN);

    /// <summary>Trains some steps.</summary>
    /// <returns>User and system seconds of all workers together, from the first step's begin to the last one's end.</returns>
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
            Vault = _vaultAt is null ? [] : [new VaultShard(_vaultAt, [.. Enumerable.Range(0, _stages.Sum(s => s.Count))])],
            StartStep = from,
        };
        var command = new PrepareCommand
        {
            Plan = plan,
            Spec = _spec with { Training = _spec.Training with { Steps = Steps } },
            Salt = _secret,
            Sources = [.. Enumerable.Range(0, _stages.Sum(s => s.Count)).Select(layer => new LayerSource(layer, []))],
        };
        string prepare = $"prepare {JsonSerializer.Serialize(command)}";
        _vault?.Ask(prepare);
        All(prepare);
        _vault?.Ask($"follow {_generation} {from}");
        double before = CpuSeconds, vaultBefore = _vault?.CpuSeconds ?? 0;
        if (All($"run {_generation} {from}").FirstOrDefault(version => version != $"{Steps}") is { } wrong)
            throw new InvalidOperationException($"A worker of {Pipelines} x {Depth} stopped at version {wrong} instead of {Steps}.");
        double used = CpuSeconds - before;
        if (_vault is null) return used;
        string held = _vault.Ask($"halt {_generation + 1}");
        if (held != $"{Steps}") throw new InvalidOperationException($"The vault came to version {held} instead of {Steps}: it did not keep up.");
        VaultCpuSeconds = _vault.CpuSeconds - vaultBefore;
        return used;
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
        _vault?.Dispose();
    }

    private static PeerEndpoint At(LineProcess process, string id) => new(id, "127.0.0.1", int.Parse(process.Ask("port"), CultureInfo.InvariantCulture));

    private double CpuSeconds => _workers.Sum(w => w.Process.CpuSeconds);

    private string[] All(string question) => [.. _workers.AsParallel().AsOrdered().WithDegreeOfParallelism(_workers.Length).Select(w => w.Process.Ask(question))];
}
