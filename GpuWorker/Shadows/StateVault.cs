using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Service;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Shadows;

/// <summary>
/// Shadow replicas of a job's layers on an on-demand instance (ParcaePS in the paper, section 6.3), all of them or those of one shard: took a snapshot once and applies the same
/// reduced gradients ever since, a step when every shard has all of it, so that the copy that the shards hold together is of one version, or can be made so. Writes the checkpoints.
/// </summary>
internal sealed partial class StateVault : IJobParticipant
{
    // With each checkpoint: more than the job ever leaves unsaved, unless its store is away for long.
    private const int ResultsKept = 8192;

    private static readonly TimeSpan DrainNow = TimeSpan.FromSeconds(1);
    private readonly string _jobId;
    private readonly string _instanceId;
    private readonly DataPlane _dataPlane;
    private readonly ILogger _logger;
    private readonly VaultCheckpoints _checkpoints;
    private readonly StepLog _log = new();
    private readonly SemaphoreSlim _preparing = new(1, 1);
    private readonly GenerationFence _fence = new();
    private readonly ShadowReplicas _shadows;
    private readonly FaultInjector _faults;

    // Another one once a follower that hangs, or failed, has spoilt it.
    private volatile LayerStore _layers = new();
    private IDisposable? _serving;
    private PrepareReport? _report;
    private ShadowFollower? _follower;

    // Left by a follower: all of the step is here, and not known to be with every shard.
    private VaultStep? _open;

    public StateVault(string jobId, GpuWorkerOptions options, DataPlane dataPlane, FaultInjector faults, ILogger logger, CheckpointBucket? bucket = null)
    {
        _faults = faults;
        _jobId = jobId;
        _instanceId = options.InstanceId;
        _dataPlane = dataPlane;
        _logger = logger;
        _shadows = new ShadowReplicas(dataPlane, TorchSharp.torch.CPU);
        _checkpoints = new VaultCheckpoints(jobId, options.CheckpointFolder, dataPlane, logger)
        {
            Bucket = bucket,
            OnWritten = version => _follower?.TellWritten(version),
            Known = version => _log.Between(version - ResultsKept, version),
        };
    }

    public Task<PrepareReport> PrepareAsync(PrepareCommand command) => _fence.UntilOvertakenAsync(command.Plan.Generation, overtaken => PrepareAsync(command, overtaken));

    public Task<ShadowReport> ShadowAsync(ShadowCommand command) => _fence.UntilOvertakenAsync(command.Generation, overtaken => ShadowAsync(command, overtaken));

    private async Task<PrepareReport> PrepareAsync(PrepareCommand command, CancellationToken overtaken)
    {
        int generation = command.Plan.Generation;
        await _preparing.WaitAsync(overtaken);
        try
        {
            if (_report?.Generation == generation) return _report;
            await StopFollowingAsync(DrainNow);
            var watch = Stopwatch.StartNew();
            Serve(command.Salt);
            var model = ModelFactory.Create(command.Spec.Model);
            if (command.RestoreCheckpoint is { } version) await RestoreAsync(command, version, model, overtaken);
            if (command.Finish is { } finish) await FinishStepAsync(finish, command.Spec.Training);
            _layers.Settle();
            // Without a shard it only gives the others what it holds.
            if (command.Plan.ShardOf(_instanceId) is not { } shard) return new PrepareReport(_instanceId, generation, 0, 0, watch.Elapsed.TotalMilliseconds);

            var (bytes, fetched, from) = await LayerFetch.RunAsync(command, shard.Layers, model, _layers, _dataPlane, TorchSharp.torch.CPU, overtaken);
            await _checkpoints.FollowAsync(command, shard, model);
            var mesh = _dataPlane.OpenMesh(_jobId, generation, command.Salt);
            _follower = new ShadowFollower(command, shard, model, mesh, _layers, _log, _checkpoints, _faults, _dataPlane.Options);
            _report = new PrepareReport(_instanceId, generation, bytes, fetched, watch.Elapsed.TotalMilliseconds, from);
            int number = Array.IndexOf(command.Plan.Vault, shard) + 1;
            LogPrepared(_jobId, number, command.Plan.Vault.Length, generation, command.Plan.StartStep, fetched, watch.Elapsed.TotalMilliseconds);
            return _report;
        }
        finally
        {
            _preparing.Release();
        }
    }

    private async Task<ShadowReport> ShadowAsync(ShadowCommand command, CancellationToken overtaken)
    {
        await _preparing.WaitAsync(overtaken);
        try
        {
            overtaken.ThrowIfCancellationRequested();
            // One that has ended by itself is over, and its copy good only as far as it came. One that has not begun by now never will.
            if (_follower is { IsRunning: false }) await StopFollowingAsync(DrainNow);
            Serve(command.Salt);
        }
        finally
        {
            _preparing.Release();
        }

        return await _shadows.FollowAsync(command, ModelFactory.Create(command.Spec.Model), overtaken);
    }

    public async Task SwitchAsync(SwitchCommand command)
    {
        _fence.Raise(command.Generation);
        await _preparing.WaitAsync();
        try
        {
            if (_follower is not { } follower || follower.Plan.Generation != command.Generation)
                throw new InvalidOperationException($"Generation {command.Generation} was not prepared here; generation {_follower?.Plan.Generation ?? 0} was.");
            if (follower.HasBegun) return;
            await _layers.ThawAsync();
            _layers.KeepOnly(follower.Shard.Layers, command.AtStep);
            _open?.Dispose();
            _open = null;
            _log.RollBack(command.AtStep);
            follower.Start();
        }
        finally
        {
            _preparing.Release();
        }
    }

    public Task<HaltReport> HaltAsync(HaltCommand command) => _fence.UntilOvertakenAsync(command.Generation, overtaken => HaltAsync(command, overtaken));

    private async Task<HaltReport> HaltAsync(HaltCommand command, CancellationToken overtaken)
    {
        if (command.Mode == HaltMode.Now) _shadows.Hurry();
        // At a boundary the replicas finish their step first and then close their connections; what they sent is applied before this returns.
        if (command.Mode == HaltMode.AtBoundary && _follower is { IsRunning: true } follower) await follower.DrainedAsync.WaitAsync(overtaken);
        await _preparing.WaitAsync(overtaken);
        try
        {
            await StopFollowingAsync(DrainNow);
            await _shadows.StopAsync(command.Mode, _layers, _log);
            _layers.Freeze();
            var held = _layers.Held;
            var checkpoints = await _checkpoints.HeldAsync(command, WholeCopy(held)?[0].Version);
            return new HaltReport
            {
                InstanceId = _instanceId,
                Layers = [.. held.Select(s => new LayerHolding(s.Layer, s.Version, _open is { } open && open.Step == s.Version && open.Has(s.Layer)))],
                Results = _log.From(command.ResultsFrom),
                CheckpointResults = [.. checkpoints.Results],
                Checkpoints = [.. checkpoints.Versions],
                CheckpointsUnread = checkpoints.Unread,
            };
        }
        finally
        {
            _preparing.Release();
        }
    }

    public WorkerStatus Status()
    {
        var follower = _follower;
        var held = follower is { Lost: true } ? [] : _layers.Held;
        return new WorkerStatus
        {
            InstanceId = _instanceId,
            Phase = follower is { HasBegun: false } ? WorkerPhase.Prepared : follower is { IsRunning: true } ? WorkerPhase.Running : held.Length > 0 ? WorkerPhase.Halted : WorkerPhase.Idle,
            Generation = follower?.Plan.Generation ?? 0,
            Fence = _fence.Lowest,
            Version = follower is { HasBegun: true, Lost: false } ? follower.Version : held.Length > 0 ? held.Min(s => s.Version) : 0,
            Lag = follower?.Lag ?? 0,
            Trouble = follower?.Trouble,
            Checkpoint = _checkpoints.Newest,
            CheckpointFailure = _checkpoints.Failure,
        };
    }

    /// <summary>None: a follower that hangs is given up, and another one begun.</summary>
    public string? Hang => null;

    public async Task<int?> SecureAsync() => _checkpoints.IsAlone && Status() is { Version: > 0 } status && !(status.Version <= status.Checkpoint) ? await CheckpointAsync() : null;

    public async Task<int> CheckpointAsync()
    {
        await _preparing.WaitAsync();
        try
        {
            if (_checkpoints.Shard is null || _layers.Held.Length == 0) throw new InvalidOperationException($"The vault {_instanceId} holds nothing of job {_jobId}.");
            await StopFollowingAsync(DrainNow);
            // The newest whole copy: after a preparation that came to nothing there may be layers of two versions, or of no shard.
            var held = WholeCopy(_layers.Held)
                ?? throw new InvalidOperationException($"The vault {_instanceId} has no whole copy of its layers of job {_jobId}.");
            int version = held[0].Version;
            await _checkpoints.WriteAsync(version, held);
            return version;
        }
        finally
        {
            _preparing.Release();
        }
    }

    public void Close(int generation) => _fence.Close(generation);

    public async ValueTask DisposeAsync()
    {
        Close(int.MaxValue);
        await _preparing.WaitAsync();
        await StopFollowingAsync(TimeSpan.Zero);
        await _shadows.DisposeAsync();
        _serving?.Dispose();
        await _checkpoints.DisposeAsync();
        _open?.Dispose();
        await _layers.ThawAsync();
        _layers.Dispose();
        _fence.Dispose();
    }

    private async Task StopFollowingAsync(TimeSpan drain)
    {
        if (_follower is not { } follower) return;
        if (await follower.StopAsync(drain) is { } open)
        {
            _open?.Dispose();
            _open = open;
            // Whoever sent it has passed the step.
            _log.Add(open.Result!.Value);
        }

        if (follower.Trouble is { } trouble) LogStopped(_jobId, follower.Plan.Generation, follower.Version, trouble);
        if (follower.Lost)
        {
            // What is left: its checkpoints, and a copy of somebody else's.
            _serving?.Dispose();
            _serving = null;
            _layers = new LayerStore();
            _open?.Dispose();
            _open = null;
        }

        _follower = null;
        _report = null;
    }

    private LayerState[]? WholeCopy(IEnumerable<LayerState> held) => _checkpoints.Shard is not { } shard
        ? null
        : held.Where(s => shard.Layers.Contains(s.Layer)).GroupBy(s => s.Version).Where(g => g.Count() == shard.Layers.Length).MaxBy(g => g.Key)?.ToArray();

    private void Serve(byte[] salt) => _serving ??= _dataPlane.ServeState(_jobId, salt, new LayerStateSource(_layers, _checkpoints.Copies));

    /// <summary>Applies a step that another shard, or a replica, has applied, and this one had not been told that it might.</summary>
    private async Task FinishStepAsync(StepResult finish, TrainingSpec training)
    {
        if (_open is not { } open || open.Step != finish.Step) return;
        await _layers.ThawAsync();
        // A layer that was followed has come there already.
        _layers.Drop(s => open.Has(s.Layer) && s.Version == open.Step + 1);
        open.Apply(_layers, training);
        open.Dispose();
        _open = null;
    }

    private async Task RestoreAsync(PrepareCommand command, int version, IStagedModel model, CancellationToken overtaken)
    {
        if (version != command.Plan.StartStep) throw new ArgumentException($"Checkpoint {version} cannot begin a generation at step {command.Plan.StartStep}.");
        var states = await _checkpoints.LoadAsync(version, model, command.Spec, overtaken);
        _layers.KeepOnly([], -1);
        foreach (var state in states) _layers.Add(state);
        LogRestored(_jobId, version);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId}: shard {Shard} of {Shards} of the vault is prepared for generation {Generation} at step {Step}: {Layers} layers fetched in {Milliseconds:F1} ms.")]
    private partial void LogPrepared(string jobId, int shard, int shards, int generation, int step, int layers, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}, generation {Generation}: the vault stopped following at step {Step}: {Trouble}.")]
    private partial void LogStopped(string jobId, int generation, int step, string trouble);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: the state was restored from the checkpoint of step {Version}.")]
    private partial void LogRestored(string jobId, int version);
}
