using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Native;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Pipeline;

/// <summary>
/// Runs a stage forward and backward where nothing depends on it, before an instance takes its first part in a generation: code is compiled, and memory for activations, gradients and what replicas send each other is touched for the
/// first time, while others train; both take longer than a step. Results are thrown away, the layers stay as they are.
/// </summary>
internal static class Rehearsal
{
    // The steepest pipelines keep as many micro-batches in flight as there are stages.
    private const int MostInFlight = 4;

    /// <summary>Rehearses a stage.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">The stage's layers. Others may be changing them: what is computed does not matter.</param>
    /// <param name="training">The job's.</param>
    /// <param name="pipelines">D, replicas with which gradients will be summed.</param>
    /// <param name="batches">The job's samples.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static void Run(IStagedModel model, IReadOnlyList<LayerState> layers, TrainingSpec training, int pipelines, IBatchSource batches, CancellationToken cancellation)
    {
        // It computes on a thread of its own, which ends with it.
        BackgroundThread.GiveWay();
        using var scope = NewDisposeScope();
        var range = new LayerRange(layers[0].Layer, layers.Count);
        var device = layers[0].Parameters.device;
        // Torch refuses to go back through what one of its own operations has changed meanwhile, as updates on a GPU do; in host memory they go past it.
        LayerState[] copies = device.type == DeviceType.CPU ? [] : [.. layers.Select(l => LayerState.CopyOfParameters(l))];
        try
        {
            Run(model, range, copies.Length > 0 ? copies : layers, training, pipelines, batches, cancellation);
        }
        finally
        {
            foreach (var copy in copies) copy.Dispose();
        }
    }

    private static void Run(IStagedModel model, LayerRange range, IReadOnlyList<LayerState> layers, TrainingSpec training, int pipelines, IBatchSource batches, CancellationToken cancellation)
    {
        var device = layers[0].Parameters.device;
        var (first, last) = (range.First == 0, range.End == model.LayerCount);
        int inFlight = Math.Min(last ? 1 : MostInFlight, training.MicroBatches);
        using var compute = new StageCompute(model, range, layers, training);
        using var sink = new TreeSink(layers.Select(l => l.Layout), (0, training.MicroBatches), training.MicroBatches, device, static _ => { });
        sink.Clear();
        using var batch = batches.MicroBatch(0, 0);
        var input = first ? batch.Inputs.to(device) : zeros([training.MicroBatchSize, .. model.OutputShape(range.First - 1)], device: device);
        var targets = last ? batch.Targets.to(device) : null;
        var gradient = last ? null : zeros([training.MicroBatchSize, .. model.OutputShape(range.End - 1)], device: device);
        for (int i = 0; i < Math.Min(2 * inFlight, training.MicroBatches) && !cancellation.IsCancellationRequested; i++)
        {
            compute.Forward(0, i, input, targets).Output?.Dispose();
            if (i >= inFlight - 1) compute.Backward(i - inFlight + 1, gradient, sink)?.Dispose();
        }

        // What a step sums up in.
        foreach (var layer in layers) zeros(layer.Layout.Length, device: device);
        // What is on its way between replicas in the worst case, in multiples of the gradients: each chunk's subtrees to its owner and its sum back, waiting on both sides.
        double waiting = 4.0 * (pipelines - 1) / pipelines;
        foreach (var layer in layers.Where(_ => !cancellation.IsCancellationRequested)) zeros((long)(waiting * layer.Layout.Length), device: CPU);
    }
}
