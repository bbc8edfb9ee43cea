using System.Diagnostics;
using System.Runtime.InteropServices;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Profiling;

/// <summary>
/// Measures each layer alone, with the shapes, precision and threads with which it will be trained: one run to warm up, then the median of a few. Layers that are alike are measured once.
/// Values do not matter for the time, so parameters are constants and activations ones.
/// </summary>
public static class LayerTimer
{
    // Batch normalisation over a single value is undefined.
    private const int LeastSamples = 2;

    /// <summary>Measures all layers.</summary>
    /// <param name="model">The model.</param>
    /// <param name="training">Size of a micro-batch, precision, optimizer.</param>
    /// <param name="batch">A micro-batch of the job's data.</param>
    /// <param name="limits">Time and memory to keep within.</param>
    /// <param name="device">Where the layers will be trained; null: the CPU.</param>
    /// <returns>By layer; null where there was not enough time or memory to measure it.</returns>
    /// <exception cref="ArgumentException">A layer cannot be run; the message says which one and why.</exception>
    public static LayerTime?[] Measure(IStagedModel model, TrainingSpec training, MicroBatch batch, LayerTimingLimits limits, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(limits);
        device ??= CPU;
        var times = new LayerTime?[model.LayerCount];

        // The cheapest kinds first: what they leave of their share is the others'.
        var kinds = Enumerable.Range(0, model.LayerCount).GroupBy(layer => Kind(model, layer)).OrderBy(k => model.ForwardFlops(k.First())).ToArray();

        // The first run in a process also pays for what is compiled and set up then.
        _ = One(model, kinds[0].First(), training, batch, limits, TimeSpan.Zero, device);
        var clock = Stopwatch.StartNew();
        for (int k = 0; k < kinds.Length; k++)
        {
            // A kind that has got no time left is still run once, unless even that is too much.
            if (k > 0 && clock.Elapsed > 2 * limits.Budget) break;
            var left = limits.Budget > clock.Elapsed ? limits.Budget - clock.Elapsed : TimeSpan.Zero;
            var time = One(model, kinds[k].First(), training, batch, limits, left / (kinds.Length - k), device);
            foreach (int layer in kinds[k]) times[layer] = time;
        }

        return times;
    }

    private static LayerTime? One(IStagedModel model, int layer, TrainingSpec training, MicroBatch batch, LayerTimingLimits limits, TimeSpan share, Device device)
    {
        int few = Math.Min(LeastSamples, batch.Samples);
        if (Memory(model, layer, training, few) > limits.MemoryBytes) return null;
        bool whole = Memory(model, layer, training, batch.Samples) <= limits.MemoryBytes;
        try
        {
            using var scope = NewDisposeScope();
            using var run = new LayerRun(model, layer, training, limits.Update, device);
            var clock = Stopwatch.StartNew();
            var (time, samples) = (run.Once(batch, few), few);
            if (samples < batch.Samples && whole && clock.Elapsed * ((double)batch.Samples / few) < share)
            {
                samples = batch.Samples;
                time = run.Once(batch, samples);
            }

            var runs = new List<LayerTime>();
            var longest = clock.Elapsed;
            while (runs.Count < limits.Runs && clock.Elapsed + (longest / 2) < share) runs.Add(run.Once(batch, samples));
            if (runs.Count > 0) time = new LayerTime(Median(runs, r => r.ForwardSeconds), Median(runs, r => r.BackwardSeconds), limits.Update ? Median(runs, r => r.UpdateSeconds!.Value) : null);
            return time with { ForwardSeconds = time.ForwardSeconds / samples, BackwardSeconds = time.BackwardSeconds / samples };
        }
        catch (ExternalException e) when (e.Message.Contains("memory", StringComparison.OrdinalIgnoreCase))
        {
            // Others have taken it meanwhile. Not measured is no failure.
            return null;
        }
        catch (Exception e) when (e is ExternalException or InvalidOperationException or IndexOutOfRangeException or ArgumentException)
        {
            throw new ArgumentException($"Layer {layer} ({model.Layout(layer).Name}) of the model ({model.Description}) cannot be run on {few} samples: {e.Message}", nameof(model), e);
        }
    }

    /// <summary>Layers of the same kind take the same time.</summary>
    private static string Kind(IStagedModel model, int layer)
    {
        var parameters = model.Layout(layer).Parameters.Select(p => $"{p.Role}[{string.Join(',', p.Shape)}]");
        string input = layer == 0 ? "samples" : string.Join(',', model.OutputShape(layer - 1));
        return string.Join(' ', [.. parameters, input, string.Join(',', model.OutputShape(layer)), $"{model.ForwardFlops(layer)}", $"{model.ActivationBytes(layer)}", $"{layer == model.LayerCount - 1}"]);
    }

    // Parameters, their copies in lower precision and the gradient; activations with their gradients, and as much again for what comes and goes.
    private static double Memory(IStagedModel model, int layer, TrainingSpec training, int samples) =>
        ((2.0 + (training.Precision == "float32" ? 0 : 0.5)) * sizeof(float) * model.Layout(layer).Length) + (3.0 * samples * model.ActivationBytes(layer));

    private static double Median(List<LayerTime> runs, Func<LayerTime, double> value)
    {
        var sorted = runs.Select(value).Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
