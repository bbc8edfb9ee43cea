using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>What goes to and comes from the stages before and after: activations, their gradients, validation activations. float32, in host memory on the way, page-locked where the stage computes on a GPU.</summary>
internal sealed class Neighbours : IDisposable
{
    private readonly Mesh _mesh;
    private readonly StepClock _clock;
    private readonly Device _device;
    private readonly string? _before;
    private readonly string? _after;
    private readonly BoundaryBuffers? _activations;
    private readonly BoundaryBuffers? _gradients;
    private readonly HostStaging _staging = new();

    /// <param name="mesh">Connects the pipeline.</param>
    /// <param name="clock">Takes the waiting.</param>
    /// <param name="model">Knows the shapes.</param>
    /// <param name="stage">This stage's layers.</param>
    /// <param name="microBatchSize">Samples of a micro-batch.</param>
    /// <param name="device">Where this stage computes.</param>
    /// <param name="before">The instance of the stage before, or null.</param>
    /// <param name="after">The instance of the stage after, or null.</param>
    public Neighbours(Mesh mesh, StepClock clock, IStagedModel model, LayerRange stage, int microBatchSize, Device device, string? before, string? after)
    {
        (_mesh, _clock, _device, _before, _after) = (mesh, clock, device, before, after);
        if (before is not null) _activations = new BoundaryBuffers([microBatchSize, .. model.OutputShape(stage.First - 1)], device);
        if (after is not null) _gradients = new BoundaryBuffers([microBatchSize, .. model.OutputShape(stage.End - 1)], device);
    }

    public bool HasActivation(int step, int microBatch) => _mesh.HasArrived(_before!, new FrameKey(FrameKind.Activation, step, microBatch));

    public bool HasGradient(int step, int microBatch) => _mesh.HasArrived(_after!, new FrameKey(FrameKind.Gradient, step, microBatch));

    /// <summary>The input of a micro-batch; its buffer is lent until <see cref="Release"/>.</summary>
    public Tensor ReceiveActivation(int step, int microBatch) => ToDevice(Receive(_before!, new FrameKey(FrameKind.Activation, step, microBatch), _activations!.Rent(microBatch)));

    /// <summary>The gradient of a micro-batch's output; its buffer is lent until <see cref="Release"/>.</summary>
    public Tensor ReceiveGradient(int step, int microBatch) => ToDevice(Receive(_after!, new FrameKey(FrameKind.Gradient, step, microBatch), _gradients!.Rent(microBatch)));

    /// <summary>The input of a validation micro-batch, valid until the next one is received.</summary>
    public Tensor ReceiveValidation(int step, int microBatch)
    {
        var buffer = _activations!.Rent(-1);
        _activations.Return(-1);
        return ToDevice(Receive(_before!, new FrameKey(FrameKind.ValidationActivation, step, microBatch), buffer));
    }

    public void SendActivation(int step, int microBatch, Tensor activation) => Send(_after!, new FrameKey(FrameKind.Activation, step, microBatch), activation);

    public void SendValidation(int step, int microBatch, Tensor activation) => Send(_after!, new FrameKey(FrameKind.ValidationActivation, step, microBatch), activation);

    public void SendGradient(int step, int microBatch, Tensor gradient) => Send(_before!, new FrameKey(FrameKind.Gradient, step, microBatch), gradient);

    /// <summary>A micro-batch is done with.</summary>
    public void Release(int microBatch)
    {
        _activations?.Return(microBatch);
        _gradients?.Return(microBatch);
    }

    /// <summary>A tensor of host memory where this stage computes; the same one on the CPU.</summary>
    public Tensor ToDevice(Tensor tensor) => _device.type == DeviceType.CPU ? tensor : tensor.to(_device);

    public void Dispose()
    {
        _activations?.Dispose();
        _gradients?.Dispose();
        _staging.Dispose();
    }

    // What is sent is in a frame of its own when this returns: the staging is free again.
    private void Send(string peer, FrameKey key, Tensor tensor) => _mesh.Send(peer, key, _staging.ReadBytes(tensor).Span);

    private Tensor Receive(string peer, FrameKey key, Tensor into)
    {
        using (_clock.Pipeline()) _mesh.Receive(peer, key, into.Bytes().Span);
        return into;
    }
}
