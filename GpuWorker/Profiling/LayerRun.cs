using System.Diagnostics;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Profiling;

/// <summary>One layer as a stage of its own, made ready to be run again and again.</summary>
internal sealed class LayerRun : IGradientSink, IDisposable
{
    private readonly IStagedModel _model;
    private readonly int _layer;
    private readonly TrainingSpec _training;
    private readonly LayerState _state;
    private readonly StageCompute _compute;
    private readonly Tensor _gradient;
    private readonly bool _update;
    private readonly Device _device;

    public LayerRun(IStagedModel model, int layer, TrainingSpec training, bool update, Device device)
    {
        // The planner adds what recomputation costs; without the optimizer's state a layer takes less memory.
        _training = training with { Recompute = false };
        (_model, _layer, _update, _device) = (model, layer, update, device);
        _state = LayerState.Allocate(model, layer, 0, update ? _training : _training with { Optimizer = "sgd", Momentum = 0 }, device);
        foreach (var (slice, view) in _state.Layout.Parameters.Zip(_state.Layout.Views(_state.Parameters)))
        {
            using (view) view.FillInPlace(slice.Initial.Mean + slice.Initial.Deviation);
        }

        foreach (var slot in _state.Slots) slot.zero_();
        _compute = new StageCompute(model, new LayerRange(layer, 1), [_state], _training);
        _gradient = empty(_state.Layout.Length, device: device).DetachFromDisposeScope();
    }

    private bool IsLast => _layer == _model.LayerCount - 1;

    /// <summary>Runs the layer both ways; seconds for all samples together.</summary>
    /// <param name="batch">Where samples and targets come from.</param>
    /// <param name="samples">How many of them.</param>
    public LayerTime Once(MicroBatch batch, int samples)
    {
        using var scope = NewDisposeScope();
        var input = _layer == 0 ? OnDevice(batch.Inputs, samples) : ones([samples, .. _model.OutputShape(_layer - 1)], device: _device);
        var targets = IsLast ? OnDevice(batch.Targets, samples) : null;
        var outputGradient = IsLast ? null : ones([samples, .. _model.OutputShape(_layer)], device: _device);
        double forward = Time(() => _compute.Forward(0, 0, input, targets).Output?.Dispose());
        double backward = Time(() => _compute.Backward(0, outputGradient, this)?.Dispose());
        return _update ? new LayerTime(forward, backward, Time(() => Optimizer.Apply(_state, _gradient, 1, _training))) : new LayerTime(forward, backward);
    }

    public Tensor Rent(int layer) => _gradient;

    public void Done(int layer, int microBatch, Tensor gradient)
    {
        // The buffer is this run's own.
    }

    private Tensor OnDevice(Tensor of, int samples) => of.narrow(0, 0, samples).contiguous().to(_device);

    // A GPU computes behind the caller's back.
    private double Time(Action run)
    {
        Finish();
        long start = Stopwatch.GetTimestamp();
        run();
        Finish();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private void Finish()
    {
        if (_device.type != DeviceType.CPU) cuda.synchronize();
    }

    public void Dispose()
    {
        _compute.Dispose();
        _state.Dispose();
        _gradient.Dispose();
    }
}
