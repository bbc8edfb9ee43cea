using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Shadows;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// An instance's part in one job as a stage replica: holds layers, prepares generations, trains one at a time, and stops when told or when a peer is lost.
/// The fence is the lowest generation that is still accepted; a halt raises it first and then stops whatever runs.
/// </summary>
internal sealed partial class StageWorker : IJobParticipant
{
    private readonly string _jobId;
    private readonly string _instanceId;
    private readonly DataPlane _dataPlane;
    private readonly Device _device;
    private readonly FaultInjector _faults;
    private readonly ILogger _logger;
    private readonly LayerStore _layers = new();
    private readonly StepLog _log = new();
    private readonly ReportLoop _reports;
    private readonly SemaphoreSlim _preparing = new(1, 1);
    private readonly GenerationFence _fence = new();
    private readonly ShadowReplicas _shadows;
    private readonly Lock _lock = new();

    private IDisposable? _serving;
    private IBatchSource? _batches;
    private Prepared? _prepared;
    private GenerationRun? _run;
    private ReducedGradients? _pending;
    private Task _rehearsal = Task.CompletedTask;

    public StageWorker(string jobId, string instanceId, DataPlane dataPlane, Device device, IJobReporter reporter, FaultInjector faults, ILogger logger)
    {
        _jobId = jobId;
        _instanceId = instanceId;
        _dataPlane = dataPlane;
        _device = device;
        _faults = faults;
        _logger = logger;
        _shadows = new ShadowReplicas(dataPlane, device);
        _reports = new ReportLoop(jobId, instanceId, reporter, _log, logger);
    }

    private sealed record Prepared(PrepareCommand Command, Place Place, IStagedModel Model, Mesh Mesh, PrepareReport Report);

    public Task<PrepareReport> PrepareAsync(PrepareCommand command) => _fence.UntilOvertakenAsync(command.Plan.Generation, overtaken => PrepareAsync(command, overtaken));

    public Task<ShadowReport> ShadowAsync(ShadowCommand command) => _fence.UntilOvertakenAsync(command.Generation, overtaken => ShadowAsync(command, overtaken));

    private async Task<PrepareReport> PrepareAsync(PrepareCommand command, CancellationToken overtaken)
    {
        await HaltRunAsync(HaltMode.Now);
        await _preparing.WaitAsync(overtaken);
        try
        {
            if (_prepared?.Command.Plan.Generation == command.Plan.Generation) return _prepared.Report;
            overtaken.ThrowIfCancellationRequested();
            return await PrepareLayersAsync(command, overtaken);
        }
        finally
        {
            _preparing.Release();
        }
    }

    private async Task<ShadowReport> ShadowAsync(ShadowCommand command, CancellationToken overtaken)
    {
        IStagedModel model;
        var practised = DressRehearsal.OnceAsync(_dataPlane.Options.Tls, _logger);
        await _preparing.WaitAsync(overtaken);
        try
        {
            overtaken.ThrowIfCancellationRequested();
            // What the generation will need besides takes its time too.
            Serve(command.Salt);
            model = ModelFactory.Create(command.Spec.Model);
            _batches ??= BatchSources.Open(command.Spec, _logger);
        }
        finally
        {
            _preparing.Release();
        }

        var report = await _shadows.FollowAsync(command, model, overtaken);
        await RehearseAsync(model, command.Spec.Training, command.Pipelines, overtaken);
        await practised.WaitAsync(overtaken);
        return report;
    }

    /// <summary>An instance that does not train yet goes through the motions once, on the layers that it follows.</summary>
    private async Task RehearseAsync(IStagedModel model, TrainingSpec training, int pipelines, CancellationToken overtaken)
    {
        var layers = _shadows.Followed;
        Task rehearsal;
        lock (_lock)
        {
            if (_run is { HasEnded: false } || !_rehearsal.IsCompleted || layers.Length == 0 || layers[^1].Layer - layers[0].Layer != layers.Length - 1) return;
            _rehearsal = rehearsal = Task.Factory.StartNew(
                () => Rehearsal.Run(model, layers, training, pipelines, _batches!, overtaken), overtaken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }

        await rehearsal;
    }

    public async Task SwitchAsync(SwitchCommand command)
    {
        _fence.Raise(command.Generation);
        GenerationRun run;
        await _preparing.WaitAsync();
        try
        {
            if (_run is { } running && running.Generation == command.Generation) return;
            var prepared = _prepared is { } p && p.Command.Plan.Generation == command.Generation
                ? p
                : throw new InvalidOperationException($"Generation {command.Generation} was not prepared here; generation {_prepared?.Command.Plan.Generation ?? 0} was.");
            var plan = prepared.Command.Plan;
            if (plan.StartStep != command.AtStep)
                throw new InvalidOperationException($"Generation {plan.Generation} was prepared for step {plan.StartStep}, not for step {command.AtStep}.");

            await _rehearsal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it may still be reading layers
            await _layers.ThawAsync();
            _layers.KeepOnly(plan.Stages[prepared.Place.Stage].ToArray(), plan.StartStep);
            _pending?.Dispose();
            _pending = null;
            _log.RollBack(plan.StartStep);
            _faults.Pass(FaultPoint.MidSwitch);
            run = new GenerationRun(plan, prepared.Command.Spec, prepared.Place, prepared.Model, _layers.Held, _batches!, prepared.Mesh, _log, new ShadowFeeds(_layers.Held, _dataPlane.Pool, _dataPlane.Options, _faults), _faults, _logger);
            _fence.Pass(command.Generation, () =>
            {
                lock (_lock) (_run, _prepared) = (run, null);
            });
            bool isLast = prepared.Place.Stage == plan.Depth - 1, leads = isLast && prepared.Place.Pipeline == 0;
            _reports.Follow(run, leads, isDeputy: plan.Pipelines > 1 ? isLast && prepared.Place.Pipeline == 1 : prepared.Place.Stage == 0 && !leads);
            run.Start();
        }
        finally
        {
            _preparing.Release();
        }
        // A peer that cannot be reached ends the run at once and is reported; it is not this worker's failure.
        await run.Connected;
    }

    public async Task<HaltReport> HaltAsync(HaltCommand command)
    {
        _fence.Raise(command.Generation);
        if (command.Mode == HaltMode.Now) _shadows.Hurry();
        await HaltRunAsync(command.Mode);
        await _preparing.WaitAsync();
        try
        {
            await _shadows.StopAsync(command.Mode, _layers, _log);
            if (_prepared is { } prepared && prepared.Command.Plan.Generation < command.Generation)
            {
                prepared.Mesh.Dispose();
                _prepared = null;
            }
            // A halt that comes again after the switch that followed it stops nothing: layers that train are not to be read.
            lock (_lock)
            {
                if (_run is not { } run || run.Generation < command.Generation) _layers.Freeze();
            }

            return new HaltReport
            {
                InstanceId = _instanceId,
                Layers = [.. _layers.Held.Select(s => new LayerHolding(s.Layer, s.Version, _pending is { } g && g.Step == s.Version && g.Layers.Contains(s.Layer)))],
                Results = _log.From(command.ResultsFrom),
                BrokenPeers = _run?.BrokenPeers ?? [],
            };
        }
        finally
        {
            _preparing.Release();
        }
    }

    public WorkerStatus Status()
    {
        int fence = _fence.Lowest; // not inside the lock: a switch takes it behind the fence
        lock (_lock)
        {
            var held = _layers.Held;
            return new WorkerStatus
            {
                InstanceId = _instanceId,
                Phase = _run is { HasEnded: false } ? WorkerPhase.Running : _prepared is not null ? WorkerPhase.Prepared : held.Length > 0 ? WorkerPhase.Halted : WorkerPhase.Idle,
                Generation = _prepared?.Command.Plan.Generation ?? _run?.Generation ?? 0,
                Fence = fence,
                Version = held.Length > 0 ? held.Max(s => s.Version) : 0,
            };
        }
    }

    public string? Hang
    {
        get
        {
            GenerationRun? run;
            lock (_lock) run = _run;
            return run?.Stall is { } stall ? $"job {_jobId}, generation {run.Generation}: {stall}" : null;
        }
    }

    public Task<int?> SecureAsync() => Task.FromResult<int?>(null);

    public Task<int> CheckpointAsync() =>
        throw new InvalidOperationException($"Instance {_instanceId} is a stage replica; checkpoints are written by the state vault.");

    public void Close(int generation) => _fence.Close(generation);

    public async ValueTask DisposeAsync()
    {
        Close(int.MaxValue);
        await HaltRunAsync(HaltMode.Now);
        await _preparing.WaitAsync();
        await _reports.DisposeAsync();
        await _shadows.DisposeAsync();
        _serving?.Dispose();
        await _rehearsal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _layers.ThawAsync();
        _prepared?.Mesh.Dispose();
        _pending?.Dispose();
        _layers.Dispose();
        _batches?.Dispose();
        _fence.Dispose();
    }

    /// <summary>Gives layers to peers from here on: those held while nothing trains, and those that train to shadows.</summary>
    private void Serve(byte[] salt)
    {
        if (_serving is not null) return;
        _serving = _dataPlane.ServeState(_jobId, salt, new LayerStateSource(_layers));
        _dataPlane.ServeShadows(_jobId, ServeShadow);
    }

    private void ServeShadow(Wire wire, Hello hello)
    {
        GenerationRun? run;
        lock (_lock) run = _run;
        if (run?.Generation == hello.Generation)
        {
            run.Feeds.Serve(wire);
            return;
        }

        using (wire) ShadowMessage.Refuse(wire, $"generation {hello.Generation} does not train here; generation {run?.Generation ?? 0} does");
    }

    /// <summary>Stops the run of an older generation, if one runs, and keeps its reduced gradients.</summary>
    private async Task HaltRunAsync(HaltMode mode)
    {
        int lowest = _fence.Lowest;
        GenerationRun? run;
        lock (_lock) run = _run is { } r && r.Generation < lowest ? r : null;
        if (run is null) return;
        run.Stop(mode);
        await run.Ended;
        lock (_lock) _pending = run.TakeReducedGradients() ?? _pending;
        _reports.Unfollow(run);
    }

    private async Task<PrepareReport> PrepareLayersAsync(PrepareCommand command, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var plan = command.Plan;
        Serve(command.Salt);
        if (command.Finish is { } finish) await FinishStepAsync(finish, command.Spec.Training);
        _layers.Settle();
        // An instance that leaves only serves what it holds.
        if (plan.Of(_instanceId) is not { } place) return new PrepareReport(_instanceId, plan.Generation, 0, 0, watch.Elapsed.TotalMilliseconds);

        var model = ModelFactory.Create(command.Spec.Model);
        _batches ??= BatchSources.Open(command.Spec, _logger);
        var (bytes, fetched, from) = await LayerFetch.RunAsync(command, plan.Stages[place.Stage].ToArray(), model, _layers, _dataPlane, _device, cancellation);
        var report = new PrepareReport(_instanceId, plan.Generation, bytes, fetched, watch.Elapsed.TotalMilliseconds, from);
        lock (_lock)
        {
            cancellation.ThrowIfCancellationRequested();
            _prepared?.Mesh.Dispose();
            _prepared = new Prepared(command, place, model, _dataPlane.OpenMesh(_jobId, plan.Generation, command.Salt), report);
        }
        LogPrepared(_jobId, plan.Generation, place.Pipeline, place.Stage, plan.StartStep, fetched, bytes, watch.Elapsed.TotalMilliseconds);
        return report;
    }

    /// <summary>Applies the reduced gradients of a step whose norm somebody else knows: that replica passed the barrier, so the step counts.</summary>
    private async Task FinishStepAsync(StepResult finish, TrainingSpec training)
    {
        if (_pending is not { } pending || pending.Step != finish.Step) return;
        await _layers.ThawAsync();
        // A layer that was followed has come there already.
        _layers.Drop(s => pending.Layers.Contains(s.Layer) && s.Version == pending.Step + 1);
        pending.Apply([.. _layers.Held.Where(s => pending.Layers.Contains(s.Layer) && s.Version == pending.Step)], finish, training);
        _log.Add(finish);
        pending.Dispose();
        _pending = null;
        LogFinished(_jobId, finish.Step);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: prepared generation {Generation} as pipeline {Pipeline}, stage {Stage} at step {Step}: {Layers} layers, {Bytes} bytes fetched in {Milliseconds:F1} ms.")]
    private partial void LogPrepared(string jobId, int generation, int pipeline, int stage, int step, int layers, long bytes, double milliseconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: finished step {Step}, which others had committed.")]
    private partial void LogFinished(string jobId, int step);
}
