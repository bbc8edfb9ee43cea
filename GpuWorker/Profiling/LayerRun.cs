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

    public LayerRun(IStagedModel model, int layer, TrainingSpec training, bool update)
    {
        // The planner adds what recomputation costs; without the optimizer's state a layer takes less memory.
        _training = training with { Recompute = false };
        (_model, _layer, _update) = (model, layer, update);
        _state = LayerState.Allocate(model, layer, 0, update ? _training : _training with { Optimizer = "sgd", Momentum = 0 });
        foreach (var (slice, view) in _state.Layout.Parameters.Zip(_state.Layout.Views(_state.Parameters)))
        {
            using (view) view.FillInPlace(slice.Initial.Mean + slice.Initial.Deviation);
        }

        foreach (var slot in _state.Slots) slot.zero_();
        _compute = new StageCompute(model, new LayerRange(layer, 1), [_state], _training);
        _gradient = empty(_state.Layout.Length).DetachFromDisposeScope();
    }

    private bool IsLast => _layer == _model.LayerCount - 1;

    /// <summary>Runs the layer both ways; seconds for all samples together.</summary>
    /// <param name="batch">Where samples and targets come from.</param>
    /// <param name="samples">How many of them.</param>
    public LayerTime Once(MicroBatch batch, int samples)
    {
        using var scope = NewDisposeScope();
        var input = _layer == 0 ? batch.Inputs.narrow(0, 0, samples).contiguous() : ones([samples, .. _model.OutputShape(_layer - 1)]);
        var targets = IsLast ? batch.Targets.narrow(0, 0, samples).contiguous() : null;
        var outputGradient = IsLast ? null : ones([samples, .. _model.OutputShape(_layer)]);
        long start = Stopwatch.GetTimestamp();
        _compute.Forward(0, 0, input, targets).Output?.Dispose();
        double forward = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        _compute.Backward(0, outputGradient, this)?.Dispose();
        double backward = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (!_update) return new LayerTime(forward, backward);

        start = Stopwatch.GetTimestamp();
        Optimizer.Apply(_state, _gradient, 1, _training);
        return new LayerTime(forward, backward, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    public Tensor Rent(int layer) => _gradient;

    public void Done(int layer, int microBatch, Tensor gradient)
    {
        // The buffer is this run's own.
    }

    public void Dispose()
    {
        _compute.Dispose();
        _state.Dispose();
        _gradient.Dispose();
    }
}
