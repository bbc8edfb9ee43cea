using System.Diagnostics;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Shadows;

/// <summary>
/// Follows one generation as one shard of the vault: collects the reduced gradients of each step for its layers, and a thread of its own applies a step once every shard has all of it, so that
/// no shard is ever ahead of what the others can come to by themselves. Ends when it is stopped, when the replicas go on without it, when another shard has ended, and when its thread hangs or
/// fails: then what it was changing is lost.
/// </summary>
internal sealed class ShadowFollower : IAsyncDisposable
{
    // Replicas that stop together are at most one step apart, and one that is lost need not have sent its last one.
    private const int StepsApart = 2;

    private readonly JobSpec _spec;
    private readonly Mesh _mesh;
    private readonly LayerStore _layers;
    private readonly StepLog _log;
    private readonly VaultCheckpoints _checkpoints;
    private readonly FaultInjector _faults;
    private readonly DataPlaneOptions _options;
    private readonly Dictionary<int, long> _gradientBytes;
    private readonly PeerEndpoint[] _others;
    private readonly object _lock = new();
    private readonly SortedDictionary<int, VaultStep> _pending = [];

    // The last step of which each replica has sent something; the lowest of those that send no more, and whose it is.
    private readonly Dictionary<string, int> _lastOf;
    private int _ceiling = int.MaxValue;
    private string? _endedFirst;

    // The last step of which this shard has told the others that all of it is here, and which each of them has told; the first of them that has ended.
    private readonly Dictionary<string, int> _readyOf;
    private int _told;
    private string? _endedShard;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ThreadWatch _watch = new();
    private Timer? _watchdog;
    private long? _silentSince;
    private long _held;
    private int _version;
    private bool _stopping, _finishing, _closed, _lost, _threadEnded;

    /// <param name="command">The generation.</param>
    /// <param name="shard">This shard.</param>
    /// <param name="model">The model.</param>
    /// <param name="mesh">The generation's connections.</param>
    /// <param name="layers">The shard's layers at the generation's start step, once it begins. The follower's own from <see cref="Start"/> on to its end, and for good when it ends with <see cref="Lost"/>.</param>
    /// <param name="log">Gets the results.</param>
    /// <param name="checkpoints">Gets the versions that are to be written.</param>
    /// <param name="faults">Carries faults out.</param>
    /// <param name="options">How much may be held, and how long the thread may hang.</param>
    public ShadowFollower(
        PrepareCommand command, VaultShard shard, IStagedModel model, Mesh mesh, LayerStore layers, StepLog log, VaultCheckpoints checkpoints, FaultInjector faults, DataPlaneOptions options)
    {
        (Plan, Shard, _spec, _mesh, _layers, _log, _checkpoints, _faults, _options) = (command.Plan, shard, command.Spec, mesh, layers, log, checkpoints, faults, options);
        _gradientBytes = shard.Layers.ToDictionary(layer => layer, layer => model.Layout(layer).Length * sizeof(float));
        _version = Plan.StartStep;
        _told = Plan.StartStep - 1;
        _others = [.. Plan.Vault.Where(s => s != shard).Select(s => s.Peer)];
        _readyOf = _others.ToDictionary(p => p.InstanceId, _ => _told, StringComparer.Ordinal);
        _lastOf = Plan.Feeders(shard).ToDictionary(p => p.Peer.InstanceId, _ => Plan.StartStep - 1, StringComparer.Ordinal);
        mesh.OnFrame(FrameKind.VaultGradient, Accept);
        mesh.OnFrame(FrameKind.VaultStep, Accept);
        mesh.OnFrame(FrameKind.VaultReady, NoteReady);
        mesh.OnFrame(FrameKind.VaultWritten, (_, key, frame) =>
        {
            frame.Dispose();
            checkpoints.Written(key.Step);
        });
        mesh.OnEnd(NoteEnd);
    }

    public GenerationPlan Plan { get; }

    /// <summary>What it follows.</summary>
    public VaultShard Shard { get; }

    /// <summary>Whether it has begun.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether it follows.</summary>
    public bool IsRunning => HasBegun && !_ended.Task.IsCompleted;

    /// <summary>Why it ended without being stopped, for people; or null.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Whether the layers are lost: the thread hangs in the middle of them, or failed there. The follower frees them when it can.</summary>
    public bool Lost
    {
        get { lock (_lock) return _lost; }
    }

    /// <summary>Steps applied to the shard's copy, which is never of more than one version.</summary>
    public int Version
    {
        get { lock (_lock) return _version; }
    }

    /// <summary>Steps of which something has come that are not applied.</summary>
    public int Lag
    {
        get { lock (_lock) return _pending.Count; }
    }

    /// <summary>Completes when no gradients come any more: every replica that sends here has closed its connection, or this side has ended.</summary>
    public Task DrainedAsync => Task.WhenAny(_mesh.DrainedAsync, _ended.Task);

    /// <summary>Begins. Only once, and not after <see cref="StopAsync"/>.</summary>
    public void Start()
    {
        HasBegun = true;
        var period = (_options.StallTimeout < _options.HeartbeatTimeout ? _options.StallTimeout : _options.HeartbeatTimeout) / 4;
        _watchdog = new Timer(_ => Watch(), null, period, period);
        new Thread(Run) { IsBackground = true, Name = $"vault-{Plan.JobId}-{Plan.Generation}" }.Start();
    }

    /// <summary>
    /// Applies what all shards have within <paramref name="drain"/>, drops incomplete steps, and closes. A thread that hangs is waited for no longer than <see cref="DataPlaneOptions.StallTimeout"/>.
    /// </summary>
    /// <returns>The step after the last one that was applied, where all of it is here and not at every other shard, as far as is known; it is the caller's. Once.</returns>
    public async Task<VaultStep?> StopAsync(TimeSpan drain)
    {
        var over = Task.Delay(drain);
        lock (_lock) _stopping = true;
        if (IsRunning) await Task.WhenAny(DrainedAsync, over);
        lock (_lock)
        {
            _finishing = true;
            Monitor.PulseAll(_lock);
        }

        if (IsRunning) await Task.WhenAny(_ended.Task, over);
        Close(null);
        if (HasBegun) await _ended.Task;
        if (_watchdog is { } watchdog) await watchdog.DisposeAsync();
        lock (_lock)
        {
            VaultStep? open = null;
            if (HasBegun && !_lost && IsComplete(_version)) _pending.Remove(_version, out open);
            FreePending(except: null);
            return open;
        }
    }

    public async ValueTask DisposeAsync() => (await StopAsync(TimeSpan.Zero))?.Dispose();

    /// <summary>Tells the other shards that a checkpoint needs their copies no longer.</summary>
    public void TellWritten(int version)
    {
        try
        {
            foreach (var other in _others) _mesh.Send(other.InstanceId, new FrameKey(FrameKind.VaultWritten, version, 0), []);
        }
        catch (MeshBrokenException)
        {
            // They keep them until the next checkpoint.
        }
    }

    private void Accept(string peer, FrameKey key, FrameBuffer frame)
    {
        if (key.Kind == FrameKind.VaultGradient && (!_gradientBytes.TryGetValue(key.Index, out long bytes) || frame.Length != bytes))
        {
            int length = frame.Length;
            frame.Dispose();
            throw new FrameException($"{peer} sent '{key}' of {length} bytes, which is no gradient of a layer of this shard.");
        }

        bool hopeless;
        lock (_lock)
        {
            if (_lastOf.TryGetValue(peer, out int last)) _lastOf[peer] = Math.Max(last, key.Step);
            // The step that is waited for is always let in; a replica whose steps are ahead of it is held back.
            while (!_closed && _held >= _options.SendQueueBytes && key.Step > _version && key.Step <= _ceiling) Monitor.Wait(_lock);
            hopeless = IsHopeless(key.Step);
            if (!_closed && key.Step >= _version && key.Step <= _ceiling) Keep(key, frame);
            else frame.Dispose();
            Monitor.PulseAll(_lock);
        }

        if (hopeless) Close(Hopeless);
    }

    private void Keep(FrameKey key, FrameBuffer frame)
    {
        if (!_pending.TryGetValue(key.Step, out var step)) _pending[key.Step] = step = new VaultStep(key.Step);
        if (key.Kind == FrameKind.VaultGradient && step.TryAdd(key.Index, frame))
        {
            _held += frame.Length;
            return;
        }

        if (key.Kind == FrameKind.VaultStep) step.Result = StepResultCodec.FromBytes(frame.Span);
        frame.Dispose();
    }

    private void NoteReady(string peer, FrameKey key, FrameBuffer frame)
    {
        frame.Dispose();
        lock (_lock)
        {
            if (_readyOf.TryGetValue(peer, out int last)) _readyOf[peer] = Math.Max(last, key.Step);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>A replica sends no more: later steps can never be complete. Or another shard has ended: what it has not told of can never be applied.</summary>
    private void NoteEnd(string peer)
    {
        bool hopeless;
        lock (_lock)
        {
            if (_readyOf.ContainsKey(peer)) _endedShard ??= peer;
            if (!_lastOf.TryGetValue(peer, out int last) || last >= _ceiling)
            {
                Monitor.PulseAll(_lock);
                return;
            }

            (_ceiling, _endedFirst) = (last, peer);
            hopeless = _pending.Count > 0 && IsHopeless(_pending.Keys.Max());
            foreach (int beyond in _pending.Keys.Where(step => step > last).ToArray()) Drop(beyond);
            Monitor.PulseAll(_lock);
        }

        if (hopeless) Close(Hopeless);
    }

    /// <summary>Whether others go on where they would not if the generation had ended with the replica whose connection has.</summary>
    private bool IsHopeless(int step) => step - StepsApart > _ceiling;

    private string Hopeless => $"{_endedFirst} sends nothing any more after step {_ceiling}, and others go on: this vault did not keep up, or the connection broke";

    private void Drop(int step)
    {
        _pending.Remove(step, out var dropped);
        _held -= dropped!.Bytes;
        dropped.Dispose();
    }

    private bool IsComplete(int step) => _pending.TryGetValue(step, out var found) && found.IsComplete(_gradientBytes.Count);

    /// <summary>Takes nothing more in. What is complete is still applied.</summary>
    private void Close(string? trouble)
    {
        lock (_lock)
        {
            Trouble ??= trouble;
            if (_closed) return;
            _closed = true;
            Monitor.PulseAll(_lock);
        }

        _mesh.Dispose();
    }

    private void Run()
    {
        string? failure = null;
        _watch.Begin();
        try
        {
            using (ThreadWatch.Waiting()) _mesh.Connect([.. _others.Select(p => new MeshPeer(p))], CancellationToken.None);
            while (Next() is { } step) Apply(step);
        }
        catch (MeshBrokenException e)
        {
            // Between two steps: the copy is as good as before.
            Close(_finishing ? null : e.Message);
        }
        catch (Exception e)
        {
            // A bug or a broken machine, in the middle of a step: the copy is no copy any more.
            failure = $"applying step {_version} failed: {e.GetType().Name}: {e.Message}";
        }

        ThreadWatch.End();
        End(failure, fromThread: true);
    }

    /// <summary>The next step, once every shard has all of it; null: it will not be applied here.</summary>
    private VaultStep? Next()
    {
        while (true)
        {
            lock (_lock)
            {
                bool complete = IsComplete(_version);
                if (!complete || _told == _version)
                {
                    if (complete && _readyOf.Values.All(ready => ready >= _version))
                    {
                        _pending.Remove(_version, out var step);
                        return step;
                    }

                    // What is complete waits for the others' word as long as they may give it.
                    if (_closed || (_finishing && (!complete || _endedShard is not null))) return null;
                    using (ThreadWatch.Waiting()) Monitor.Wait(_lock);
                    continue;
                }
            }

            // Once for each step, and not ahead of it: so no shard is more than one step ahead of another.
            _told = _version;
            foreach (var other in _others) _mesh.Send(other.InstanceId, new FrameKey(FrameKind.VaultReady, _version, 0), []);
        }
    }

    private void Apply(VaultStep step)
    {
        var result = step.Result!.Value;
        long bytes = step.Bytes;
        using (step)
        {
            step.Apply(_layers, _spec.Training, done =>
            {
                ThreadWatch.SignOfLife();
                if (done == (_gradientBytes.Count + 1) / 2) _faults.Pass(FaultPoint.VaultApply);
            });
        }

        lock (_lock)
        {
            if (_lost) return;
            _log.Add(result);
            _held -= bytes;
            _version = result.Step + 1;
            Monitor.PulseAll(_lock);
        }

        if (_version % _spec.Training.CheckpointEvery == 0) _checkpoints.Offer(_version, _layers.Held);
    }

    private void Watch()
    {
        // Who halts the generation does so within moments of its end. Once that has begun, it is no trouble, however long this machine takes.
        string? ended;
        bool silent;
        lock (_lock) (ended, silent) = (_endedShard, !_stopping && (_endedShard is not null || _mesh.DrainedAsync.IsCompleted));
        if (silent)
        {
            _silentSince ??= Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(_silentSince.Value) > _options.HeartbeatTimeout) Close($"{(ended is null ? "every connection" : $"the shard at {ended}")} has ended, and nobody ended the generation");
        }

        if (_watch.IsStalled(_options.StallTimeout)) End($"applying step {Version} hangs for more than {_options.StallTimeout.TotalSeconds} s", fromThread: false);
    }

    /// <summary>The thread has ended, or is given up.</summary>
    private void End(string? failure, bool fromThread)
    {
        bool free;
        lock (_lock)
        {
            // Given up just as it came to its end, or came back after it was given up: then the layers are its own, and nobody else knows them.
            if (fromThread) _threadEnded = true;
            else if (_threadEnded || _lost) return;
            if (failure is not null) _lost = true;
            free = _lost && fromThread;
            if (_ended.Task.IsCompleted) failure = null;
        }

        if (failure is not null) Close(failure);
        FreePending(except: Lost ? null : _version);
        if (free) _layers.Dispose();
        _ended.TrySetResult();
    }

    private void FreePending(int? except)
    {
        lock (_lock)
        {
            foreach (int step in _pending.Keys.Where(s => s != except).ToArray()) Drop(step);
        }
    }
}
