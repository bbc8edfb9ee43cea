using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Pipeline;

/// <summary>Real workers with real sockets in one process, commanded by the test as the job's grain would.</summary>
internal sealed class WorkerCluster : IAsyncDisposable, IJobReporter
{
    /// <summary>What ends a thread of an instance that a test kills.</summary>
    public const string KilledMessage = "killed by the test";

    public const string JobId = "job";
    private readonly Dictionary<string, WorkerHost> _workers = [];
    private readonly ConcurrentDictionary<int, StepResult> _results = new();
    private readonly List<WorkerHost> _forsaken = [];
    private readonly ConcurrentDictionary<string, bool> _cutOff = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentQueue<(StepResult, StepResult)> _mismatches = new();
    private TaskCompletionSource _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _generation;

    public WorkerCluster(JobSpec spec) => Spec = spec;

    public JobSpec Spec { get; }

    public GenerationPlan? Plan { get; private set; }

    /// <summary>How many of the vault's instances hold each layer.</summary>
    public int VaultCopies { get; set; } = 1;

    /// <summary>Whether instances that are added take faults.</summary>
    public bool Faults { get; init; }

    /// <summary>What those that are added encrypt with.</summary>
    public MutualTls? Tls { get; init; }

    /// <summary>Where the files that jobs name must lie, for those that are added.</summary>
    public AllowedFolders? DataFolders { get; init; }

    /// <summary>What workers compute on.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>Silence after which a peer of those that are added counts as lost, and a thread that does not get on as hung.</summary>
    public double HeartbeatSeconds { get; init; } = 5;

    /// <summary>What the job's secret is derived from.</summary>
    public byte[] Salt => _salt;

    /// <summary>What the last generation's preparation took.</summary>
    public PrepareReport[] Prepared { get; private set; } = [];

    /// <summary>Where the vaults write.</summary>
    public string CheckpointFolder => _folder;

    public ConcurrentQueue<BrokenReport> Broken { get; } = new();

    public IReadOnlyDictionary<int, StepResult> Results => _results;

    /// <summary>Results of one step that were told and are not the same.</summary>
    public IReadOnlyCollection<(StepResult, StepResult)> Mismatches => _mismatches;

    /// <summary>Steps whose result was known and that were run again, as no replica of some layer was left and the vault was behind.</summary>
    public int Replayed { get; private set; }

    public WorkerHost Add(string id, InstanceRole role = InstanceRole.Worker, double? stallSeconds = null, Action<GpuWorkerOptions>? configure = null)
    {
        var options = new GpuWorkerOptions { InstanceId = id, Role = role, Device = Device, DataFolders = DataFolders, CheckpointFolder = _folder, Faults = Faults, HeartbeatSeconds = HeartbeatSeconds, StallSeconds = stallSeconds ?? HeartbeatSeconds };
        configure?.Invoke(options);
        return _workers[id] = new WorkerHost(Options.Create(options), this, NullLoggerFactory.Instance, tls: Tls);
    }

    public WorkerHost this[string id] => _workers[id];

    /// <summary>Ends an instance as a kill would, as far as one process can: nothing of it answers any more.</summary>
    public async Task RemoveAsync(string id)
    {
        _workers.Remove(id, out var worker);
        await worker!.DisposeAsync();
    }

    /// <summary>What everyone is doing, for people.</summary>
    public async Task<string[]> StatusAsync() =>
        [.. (await Task.WhenAll(_workers.Values.Select(w => w.WorkerStatus(JobId)))).Select(s => $"{s.InstanceId} {s.Phase} generation {s.Generation} version {s.Version} fence {s.Fence} lag {s.Lag}")];

    /// <summary>Gives up an instance that does not answer. It stays as it is.</summary>
    public WorkerHost Forsake(string id)
    {
        _workers.Remove(id, out var worker);
        _forsaken.Add(worker!);
        return worker!;
    }

    /// <summary>Frees what an instance that was given up still has.</summary>
    public async Task BuryAsync(WorkerHost worker)
    {
        _forsaken.Remove(worker);
        try
        {
            await worker.DisposeAsync();
        }
        catch (IOException e) when (e.Message == KilledMessage)
        {
            // What was killed cannot end well; its sockets would be gone with its process.
            await worker.DataPlane.DisposeAsync();
        }
    }

    /// <summary>Neither commands nor reports of an instance come through from here on; it does not know.</summary>
    public WorkerHost CutOff(string id)
    {
        _cutOff[id] = true;
        return Forsake(id);
    }

    /// <summary>An instance that was cut off is there again, with what it holds.</summary>
    public void TakeBack(WorkerHost worker)
    {
        _forsaken.Remove(worker);
        _workers.Add(worker.DataPlane.InstanceId, worker);
        _cutOff.Clear();
    }

    /// <summary>Halts everyone, then prepares and switches to D x P on the given instances, pipeline by pipeline.</summary>
    public Task<GenerationPlan> ReconfigureAsync(int pipelines, int depth, string[] instances, string? vault = null, HaltMode mode = HaltMode.AtBoundary) =>
        ReconfigureAsync(pipelines, depth, instances, vault is null ? [] : [vault], mode);

    /// <inheritdoc cref="ReconfigureAsync(int, int, string[], string, HaltMode)"/>
    public async Task<GenerationPlan> ReconfigureAsync(int pipelines, int depth, string[] instances, string[] vault, HaltMode mode = HaltMode.AtBoundary)
    {
        int generation = ++_generation;
        var halts = await Task.WhenAll(_workers.Values.Select(w => w.Halt(new HaltCommand(JobId, generation, mode, 0))));
        return await ContinueAsync(generation, halts, pipelines, depth, instances, vault);
    }

    public Task<HaltReport[]> HaltAsync(HaltMode mode)
    {
        int generation = ++_generation;
        return Task.WhenAll(_workers.Values.Select(w => w.Halt(new HaltCommand(JobId, generation, mode, 0))));
    }

    private async Task<GenerationPlan> ContinueAsync(int generation, HaltReport[] halts, int pipelines, int depth, string[] instances, string[] vault)
    {
        int target = Target(halts);
        int layers = ModelFactory.Create(Spec.Model).LayerCount;
        var holdings = halts.SelectMany(h => h.Layers.Select(l => (h.InstanceId, l))).ToArray();
        var (size, rest) = Math.DivRem(layers, depth);
        var stages = new LayerRange[depth];
        for (int stage = 0, first = 0; stage < depth; first += stages[stage].Count, stage++) stages[stage] = new(first, size + (stage < rest ? 1 : 0));
        Replayed += _results.Keys.Count(step => step >= target);
        var plan = new GenerationPlan
        {
            JobId = JobId,
            Generation = generation,
            Pipelines = pipelines,
            Depth = depth,
            Stages = stages,
            Places = [.. instances.Take(pipelines * depth).Select((id, i) => new Place(i / depth, i % depth, _workers[id].Endpoint))],
            Vault = Shards(vault, layers),
            StartStep = target,
        };
        PeerEndpoint[] Holders(int layer, string self) =>
            [.. holdings.Where(h => h.l.Layer == layer && h.InstanceId != self && CanReach(h.l, target)).Select(h => _workers[h.InstanceId].Endpoint)];
        var members = plan.Places.Select(p => p.Peer.InstanceId).Concat(vault).ToArray();
        // Holders without a place finish the step that others wait for; the rest stay as they are.
        var helpers = holdings.Where(h => h.l.HasReducedGradients && h.l.Version == target - 1).Select(h => h.InstanceId);
        Prepared = await Task.WhenAll(members.Union(helpers).Select(id => _workers[id].Prepare(new PrepareCommand
        {
            Plan = plan,
            Spec = Spec,
            Salt = _salt,
            Finish = Finish(target),
            Sources = [.. Enumerable.Range(0, layers).Select(layer => new LayerSource(layer, Holders(layer, id)))],
        })));
        await Task.WhenAll(members.Select(id => _workers[id].Switch(new SwitchCommand(JobId, generation, target))));
        return Plan = plan;
    }

    // Layer by layer in turn, so that a stage is in the hands of several.
    private VaultShard[] Shards(string[] vault, int layers) => [.. vault.Select((id, i) => new VaultShard(
        _workers[id].Endpoint, [.. Enumerable.Range(0, layers).Where(layer => (layer % vault.Length - i + vault.Length) % vault.Length < VaultCopies)]))];

    /// <summary>Takes the results in; the highest version at which every layer is held, or can be had by finishing a step.</summary>
    private int Target(HaltReport[] halts)
    {
        foreach (var result in halts.SelectMany(h => h.Results)) Take(result);
        var held = halts.SelectMany(h => h.Layers).ToArray();
        int layers = ModelFactory.Create(Spec.Model).LayerCount;
        bool Covered(int version) => Enumerable.Range(0, layers).All(layer => held.Any(h => h.Layer == layer && CanReach(h, version)));
        return held.Length == 0 ? 0 : Enumerable.Range(0, held.Max(h => h.Version) + 2).Last(v => v == 0 || Covered(v));
    }

    private bool CanReach(LayerHolding holding, int version) =>
        holding.Version == version || (holding.HasReducedGradients && holding.Version == version - 1 && _results.ContainsKey(version - 1));

    private StepResult? Finish(int target) => target > 0 ? _results.GetValueOrDefault(target - 1) : null;

    /// <summary>Has an instance follow layers of the generation that trains.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="pipeline">Of which pipeline.</param>
    public Task<ShadowReport> ShadowAsync(string id, LayerRange layers, int pipeline = 0) => _workers[id].Shadow(new ShadowCommand
    {
        JobId = JobId,
        Generation = Plan!.Generation,
        Spec = Spec,
        Salt = _salt,
        Sources = [.. Enumerable.Range(layers.First, layers.Count).Select(layer =>
            new LayerSource(layer, [Plan.At(pipeline, Array.FindIndex(Plan.Stages, s => s.Contains(layer))).Peer]))],
    });

    /// <summary>Waits until the step has been reported.</summary>
    public async Task ReachAsync(int step)
    {
        using var patience = new CancellationTokenSource(Patience.Long);
        while (true)
        {
            var progress = Volatile.Read(ref _progress);
            if (_results.ContainsKey(step)) return;
            await progress.Task.WaitAsync(patience.Token);
        }
    }

    /// <summary>Stops at the next step boundary; what was trained, and every layer's tensors as bytes. A step that only some have applied is finished.</summary>
    public async Task<(int Version, byte[][] Layers)> FinishAsync()
    {
        int version = Target(await HaltAsync(HaltMode.AtBoundary));
        return (version, await StateAsync(version));
    }

    /// <summary>Every layer's parameters and moments at the version, as bytes, from whichever instance holds it.</summary>
    public async Task<byte[][]> StateAsync(int version)
    {
        var holders = (await HaltAsync(HaltMode.Now)).Where(h => h.Layers.Any(l => CanReach(l, version))).Select(h => h.InstanceId).ToArray();
        // Nobody has a place: everyone only serves what he holds.
        var nobody = new GenerationPlan { JobId = JobId, Generation = _generation, Pipelines = 0, Depth = 0, Stages = [], Places = [], StartStep = version };
        await Task.WhenAll(holders.Select(id => _workers[id].Prepare(new PrepareCommand { Plan = nobody, Spec = Spec, Salt = _salt, Finish = Finish(version), Sources = [] })));
        var model = ModelFactory.Create(Spec.Model);
        await using var plane = DataPlane.Listen(new DataPlaneOptions { Tls = Tls }, "reader", NullLogger.Instance);
        var wanted = Enumerable.Range(0, model.LayerCount)
            .Select(layer => (State: LayerState.Allocate(model, layer, version, Spec.Training), Holders: holders.Select(id => _workers[id].Endpoint).ToArray())).ToArray();
        try
        {
            await StateFetch.RunAsync(
                plane, JobId, _generation, _salt, [.. wanted.Select(w => new WantedLayer(w.State.Layer, version, w.Holders, new MemoryStateTarget([.. w.State.Tensors.Select(t => t.Bytes())])))],
                _ => { }, TestContext.Current.CancellationToken);
            return LayerBytes.Of(wanted.Select(w => w.State));
        }
        finally
        {
            foreach (var (state, _) in wanted) state.Dispose();
        }
    }

    public async Task<BrokenReport> BrokenAsync()
    {
        using var patience = new CancellationTokenSource(Patience.Long);
        while (true)
        {
            var progress = Volatile.Read(ref _progress);
            if (Broken.FirstOrDefault(r => r.Generation == _generation) is { } report) return report;
            await progress.Task.WaitAsync(patience.Token);
        }
    }

    public Task<StepAck> ReportStepsAsync(string jobId, StepReport report)
    {
        if (_cutOff.ContainsKey(report.InstanceId)) throw new IOException($"{report.InstanceId} is cut off.");
        if (report.Generation == _generation)
        {
            foreach (var result in report.Results) Take(result);
        }

        Signal();
        int committed = 0;
        while (_results.ContainsKey(committed)) committed++;
        return Task.FromResult(new StepAck(Plan?.Generation ?? 0, committed)); // the committed one: a halt that is under way may wait for a boundary
    }

    public Task ReportBrokenAsync(string jobId, BrokenReport report)
    {
        Broken.Enqueue(report);
        Signal();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.Values) await worker.DisposeAsync();
        foreach (var worker in _forsaken.ToArray()) await BuryAsync(worker);

        Directory.Delete(_folder, recursive: true);
    }

    private void Take(StepResult result)
    {
        var known = _results.GetOrAdd(result.Step, result);
        if ((known.Loss, known.GradientNorm, known.DataChecksum, known.Samples) != (result.Loss, result.GradientNorm, result.DataChecksum, result.Samples)) _mismatches.Enqueue((known, result));
    }

    private void Signal() =>
        Interlocked.Exchange(ref _progress, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
