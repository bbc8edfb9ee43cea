using System.Threading.Channels;
using Parcae.GpuWorker.Checkpoints;
using Parcae.GpuWorker.Faults;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Shadows;

/// <summary>Follows one generation: collects the reduced gradients of each step and applies a step once all layers of it are here.</summary>
internal sealed class ShadowFollower
{
    private readonly JobSpec _spec;
    private readonly IStagedModel _model;
    private readonly Mesh _mesh;
    private readonly LayerStore _layers;
    private readonly StepLog _log;
    private readonly CheckpointWriter _checkpoints;
    private readonly FaultInjector _faults;
    private readonly SortedDictionary<int, PendingStep> _pending = [];

    // Bounded: a slow vault holds the readers back, the replicas' send queues fill, and training waits instead of memory growing.
    private readonly Channel<(FrameKey Key, FrameBuffer Frame)> _frames =
        Channel.CreateBounded<(FrameKey, FrameBuffer)>(new BoundedChannelOptions(256) { SingleReader = true });
    private Task _applying = Task.CompletedTask;
    private int _version;

    public ShadowFollower(PrepareCommand command, IStagedModel model, Mesh mesh, LayerStore layers, StepLog log, CheckpointWriter checkpoints, FaultInjector faults)
    {
        (Plan, _spec, _model, _mesh, _layers, _log, _checkpoints, _faults) = (command.Plan, command.Spec, model, mesh, layers, log, checkpoints, faults);
        _version = Plan.StartStep;
        mesh.OnFrame(FrameKind.VaultGradient, Accept);
        mesh.OnFrame(FrameKind.VaultStep, Accept);
    }

    private sealed class PendingStep
    {
        public StepResult? Result { get; set; }

        public Dictionary<int, FrameBuffer> Gradients { get; } = [];
    }

    public GenerationPlan Plan { get; }

    public bool IsRunning { get; private set; }

    /// <summary>Steps of which something has come that are not applied.</summary>
    public int Lag
    {
        get { lock (_pending) return _pending.Count; }
    }

    /// <summary>Completes when every replica that sends here has closed its connection.</summary>
    public Task DrainedAsync => _mesh.DrainedAsync;

    public void Start()
    {
        IsRunning = true;
        _applying = Task.Factory.StartNew(ApplyAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>Applies what has come within <paramref name="drain"/>, drops incomplete steps, and closes.</summary>
    public async Task StopAsync(TimeSpan drain)
    {
        if (IsRunning) await Task.WhenAny(_mesh.DrainedAsync, Task.Delay(drain));
        _mesh.Dispose();
        _frames.Writer.TryComplete();
        await _applying;
        IsRunning = false;
        while (_frames.Reader.TryRead(out var left)) left.Frame.Dispose();
        foreach (var frame in _pending.Values.SelectMany(p => p.Gradients.Values)) frame.Dispose();
        _pending.Clear();
    }

    private void Accept(string peer, FrameKey key, FrameBuffer frame)
    {
        while (!_frames.Writer.TryWrite((key, frame)))
        {
            if (_frames.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult()) continue;
            frame.Dispose();
            return;
        }
    }

    private async Task ApplyAsync()
    {
        await foreach (var (key, frame) in _frames.Reader.ReadAllAsync())
        {
            lock (_pending)
            {
                if (!_pending.TryGetValue(key.Step, out var step)) _pending[key.Step] = step = new PendingStep();
                if (key.Kind == FrameKind.VaultStep)
                {
                    step.Result = StepResultCodec.FromBytes(frame.Span);
                    frame.Dispose();
                }
                else
                {
                    step.Gradients[key.Index] = frame;
                }
            }
            while (TakeComplete() is { } complete) Apply(complete);
        }
    }

    private PendingStep? TakeComplete()
    {
        lock (_pending)
        {
            if (!_pending.TryGetValue(_version, out var step) || step.Result is null || step.Gradients.Count < _model.LayerCount) return null;
            _pending.Remove(_version);
            return step;
        }
    }

    private void Apply(PendingStep step)
    {
        var result = step.Result!.Value;
        foreach (var (layer, frame) in step.Gradients)
        {
            var state = _layers.Find(layer, result.Step) ?? throw new InvalidOperationException($"The vault does not hold layer {layer} at version {result.Step}.");
            Optimizer.Apply(state, frame.Floats, result.GradientNorm, _spec.Training);
            frame.Dispose();
            if (layer == _model.LayerCount / 2) _faults.Pass(FaultPoint.VaultApply);
        }
        _log.Add(result);
        _version = result.Step + 1;
        if (_version % _spec.Training.CheckpointEvery == 0) _checkpoints.Offer(_version, _layers.Held);
    }
}
