using System.Diagnostics;
using System.Net.Sockets;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Pipeline;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Telemetry;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Shadows;

/// <summary>Follows layers of one holder, on a thread of its own: takes their snapshots, and applies each step as the holder does.</summary>
internal sealed class ShadowStream : IDisposable
{
    // More than a holder remembers.
    private const int MaxResults = 1 << 16;

    private readonly ShadowCommand _command;
    private readonly PeerEndpoint _holder;
    private readonly int[] _layers;
    private readonly IStagedModel _model;
    private readonly DataPlane _plane;
    private readonly Device _device;
    private readonly Dictionary<int, LayerState> _states = [];
    private readonly Dictionary<int, Tensor> _gradients = [];
    private List<StepResult>? _results;
    private readonly HostStaging _staging = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Activity? _parent = Activity.Current;
    private long _bytes;

    /// <param name="command">The generation that is followed.</param>
    /// <param name="holder">Whom to follow.</param>
    /// <param name="layers">Layers that it trains.</param>
    /// <param name="model">The model.</param>
    /// <param name="plane">Reaches the holder.</param>
    /// <param name="device">Where the layers are to be.</param>
    public ShadowStream(ShadowCommand command, PeerEndpoint holder, int[] layers, IStagedModel model, DataPlane plane, Device device)
    {
        (_command, _holder, _layers, _model, _plane, _device) = (command, holder, layers, model, plane, device);
        // Nobody need wait for it.
        _ = _caughtUp.Task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    /// <summary>The layers.</summary>
    public IReadOnlyList<int> Layers => _layers;

    /// <summary>Completes when the layers are as new as their holder's.</summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>Completes when the thread touches nothing any more, whatever ended it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>The layers as they are, which the thread goes on changing. Only after <see cref="CaughtUp"/>.</summary>
    public IReadOnlyCollection<LayerState> States => _states.Values;

    /// <summary>The results of the generation's steps as far as the holder has told. Only after <see cref="Ended"/>.</summary>
    public IReadOnlyList<StepResult> Results => _results ?? [];

    /// <summary>Whom it follows.</summary>
    public string HolderId => _holder.InstanceId;

    /// <summary>Bytes received.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void Start() => new Thread(Run) { IsBackground = true, Name = $"shadow-{_holder.InstanceId}" }.Start();

    /// <summary>Ends the connection.</summary>
    public void Cut() => _cut.Cancel();

    /// <summary>The layers that are complete, each at its own version; they are the caller's. Only after <see cref="Ended"/>.</summary>
    public LayerState[] Take()
    {
        var taken = _states.Values.OrderBy(s => s.Layer).ToArray();
        _states.Clear();
        return taken;
    }

    /// <summary>Only after <see cref="Ended"/>.</summary>
    public void Dispose()
    {
        foreach (var state in Take()) state.Dispose();
        foreach (var gradient in _gradients.Values) gradient.Dispose();
        _staging.Dispose();
        _cut.Dispose();
    }

    private void Run()
    {
        Activity.Current = _parent;
        BackgroundThread.GiveWay();
        using (var transfer = ParcaeTelemetry.Activities.StartActivity("transfer", ActivityKind.Client))
        {
            transfer?.SetTag("from", _holder.InstanceId).SetTag("to", _plane.InstanceId).SetTag("generation", _command.Generation).SetTag("stage", _command.Stage is { } stage ? stage : "vault").SetTag("layers", string.Join(',', _layers)).SetTag("shadow", true);
            try
            {
                using var wire = _plane.Dial(_holder, ConnectionPurpose.Shadow, _command.JobId, _command.Generation, _command.Salt, _cut.Token);
                using var cut = _cut.Token.Register(() => wire.Shutdown(SocketShutdown.Both));
                ShadowMessage.WriteRequest(wire, _layers);
                while (Take(wire, ShadowMessage.Read(wire, _holder.InstanceId), transfer))
                {
                }
            }
            catch (Exception e) when (e is SocketException or IOException or TimeoutException or InvalidDataException or HandshakeRefusedException or OperationCanceledException)
            {
                transfer?.SetStatus(ActivityStatusCode.Error, e.Message);
                _caughtUp.TrySetException(new InvalidOperationException($"Layers {string.Join(", ", _layers)} cannot be followed at {_holder.InstanceId}: {e.Message}", e));
            }
            catch (Exception e)
            {
                // A bug: whoever waits hears of it as it is.
                _caughtUp.TrySetException(e);
            }
            finally
            {
                _caughtUp.TrySetException(new InvalidOperationException($"{_holder.InstanceId} has ended generation {_command.Generation}."));
                _ended.TrySetResult();
            }
        }
    }

    /// <summary>Takes one message in; whether others follow.</summary>
    private bool Take(Wire wire, ShadowMessage message, Activity? transfer)
    {
        switch (message.Kind)
        {
            case ShadowMessageKind.Results when _results is null:
                TakeResults(wire, message);
                return true;
            case ShadowMessageKind.Snapshot:
                Snapshot(wire, message);
                return true;
            case ShadowMessageKind.Gradient:
                Gradient(wire, message);
                return true;
            case ShadowMessageKind.Step:
                Step(wire, message);
                return true;
            case ShadowMessageKind.Current when _states.Count == _layers.Length:
                transfer?.SetTag("bytes", Bytes);
                if (_caughtUp.TrySetResult()) transfer?.Stop();
                return true;
            case ShadowMessageKind.End:
                if (_states.Values.FirstOrDefault(s => s.Version != message.Step) is { } odd)
                    throw new InvalidDataException($"{_holder.InstanceId} ended at version {message.Step}; layer {odd.Layer} has come to version {odd.Version}.");
                return false;
            case ShadowMessageKind.Refusal:
                throw new InvalidDataException($"it refused: {message.ReadText(wire, _holder.InstanceId)}");
            default:
                throw new InvalidDataException($"{_holder.InstanceId} sent {message} where it has no place.");
        }
    }

    private void TakeResults(Wire wire, ShadowMessage message)
    {
        if (message.Length > MaxResults * StepResultCodec.Size) throw new InvalidDataException($"{_holder.InstanceId} sends results in {message.Length} bytes; {MaxResults} steps' are {MaxResults * StepResultCodec.Size}.");
        var bytes = new byte[message.Length];
        Chunks.Read(wire, bytes, _plane.Options.StateChunkBytes, _holder.InstanceId, message.Layer);
        _results = [.. bytes.Chunk(StepResultCodec.Size).Select(r => StepResultCodec.FromBytes(r))];
    }

    private void Snapshot(Wire wire, ShadowMessage message)
    {
        if (!_layers.Contains(message.Layer) || _states.ContainsKey(message.Layer)) throw new InvalidDataException($"{_holder.InstanceId} sent layer {message.Layer}, which was not to come.");
        var state = LayerState.Allocate(_model, message.Layer, message.Step, _command.Spec.Training, _device);
        try
        {
            if (message.Length != state.ByteCount) throw new InvalidDataException($"{_holder.InstanceId} sends layer {message.Layer} in {message.Length} bytes; it has {state.ByteCount}.");
            for (int i = 0; i < state.Tensors.Count; i++)
            {
                Chunks.Read(wire, _staging.OpenBytes(state.Tensors[i], i).Span, _plane.Options.StateChunkBytes, _holder.InstanceId, message.Layer);
                _staging.Write(state.Tensors[i], i);
            }
        }
        catch
        {
            state.Dispose();
            throw;
        }

        Count(message.Length);
        _states.Add(message.Layer, state);
    }

    private void Gradient(Wire wire, ShadowMessage message)
    {
        if (!_states.TryGetValue(message.Layer, out var state) || state.Version != message.Step)
            throw new InvalidDataException($"{_holder.InstanceId} sent the gradient of step {message.Step} for layer {message.Layer}, which is at version {state?.Version.ToString() ?? "none"} here.");
        if (!_gradients.TryGetValue(message.Layer, out var gradient))
            _gradients.Add(message.Layer, gradient = empty(state.Layout.Length, device: _device).DetachFromDisposeScope());
        if (message.Length != gradient.numel() * sizeof(float)) throw new InvalidDataException($"{_holder.InstanceId} sent a gradient of {message.Length} bytes for layer {message.Layer}; it has {gradient.numel()} values.");
        Chunks.Read(wire, _staging.OpenBytes(gradient).Span, _plane.Options.StateChunkBytes, _holder.InstanceId, message.Layer);
        _staging.Write(gradient);
        Count(message.Length);
    }

    private void Step(Wire wire, ShadowMessage message)
    {
        var bytes = new byte[Math.Min(message.Length, 256)];
        Chunks.Read(wire, bytes, _plane.Options.StateChunkBytes, _holder.InstanceId, message.Layer);
        var result = StepResultCodec.FromBytes(bytes);
        if (_results is null || (_results.Count > 0 && _results[^1].Step != result.Step - 1)) throw new InvalidDataException($"{_holder.InstanceId} told of step {result.Step} after step {_results?.LastOrDefault().Step.ToString() ?? "none"}.");
        _results.Add(result);
        // A layer whose snapshot was taken after the step has it in it.
        foreach (var state in _states.Values.Where(s => s.Version <= result.Step))
        {
            if (state.Version != result.Step || !_gradients.TryGetValue(state.Layer, out var gradient))
                throw new InvalidDataException($"{_holder.InstanceId} told of step {result.Step} without its gradient for layer {state.Layer}, which is at version {state.Version} here.");
            Optimizer.Apply(state, gradient, result.GradientNorm, _command.Spec.Training);
        }
    }

    private void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        ParcaeTelemetry.TransferBytes.Add(bytes, new KeyValuePair<string, object?>("job", _command.JobId));
    }
}
