using System.Reflection;
using Parcae.GpuWorker.Data;
using Parcae.GpuWorker.Models;
using Parcae.Grains;

namespace Parcae.GpuWorker.Profiling;

/// <summary>Tells the control plane what a job's model is made of, and in doing so whether the job can be run at all.</summary>
public static class ModelDescriber
{
    private const int BytesPerValue = sizeof(float);

    /// <summary>Builds the model, opens the data, and measures the layers where the job asks for that. On the caller's thread, with Torch's threads as they are set.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="limits">Time and memory for the measurement.</param>
    /// <param name="device">Where the job will be trained; null: the CPU.</param>
    /// <exception cref="ArgumentException">No model can be built of the spec, or it cannot be run.</exception>
    /// <exception cref="InvalidDataException">The data cannot be opened.</exception>
    public static ModelOutline Describe(JobSpec spec, LayerTimingLimits? limits = null, TorchSharp.torch.Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var model = Build(spec.Model);
        using var batches = BatchSources.Open(spec);
        if (spec.Planning.LayerTimes != "measured") return Outline(model, spec.Training);
        using var batch = batches.MicroBatch(0, 0);
        limits ??= new LayerTimingLimits();
        return Outline(model, spec.Training, LayerTimer.Measure(model, spec.Training, batch, limits with { MemoryBytes = Math.Min(limits.MemoryBytes, spec.Planning.MemoryBytes) }, device));
    }

    /// <summary>A model's outline.</summary>
    /// <param name="model">The model.</param>
    /// <param name="training">The optimizer.</param>
    /// <param name="times">Measured times by layer, or null.</param>
    public static ModelOutline Outline(IStagedModel model, TrainingSpec training, IReadOnlyList<LayerTime?>? times = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(training);
        var layers = Enumerable.Range(0, model.LayerCount).ToArray();
        return new ModelOutline
        {
            Description = model.Description,
            Layers = [.. layers.Select(layer => new LayerOutline(
                model.Layout(layer).Name,
                model.Layout(layer).Length,
                model.ForwardFlops(layer),
                model.ActivationBytes(layer),
                layer == layers[^1] ? 0 : BytesPerValue * model.OutputShape(layer).Aggregate(1L, (a, b) => a * b),
                times?[layer]?.ForwardSeconds,
                times?[layer]?.BackwardSeconds))],
            StateBytesPerParameter = BytesPerValue * (1 + training.OptimizerSlots),
            Parameters = layers.Sum(layer => model.Layout(layer).Parameters.Where(p => p.IsOwn).Sum(p => p.Length)),
        };
    }

    private static IStagedModel Build(ModelSpec spec)
    {
        try
        {
            var model = ModelFactory.Create(spec);
            return model.LayerCount >= 1 ? model : throw new ArgumentException($"The model ({model.Description}) has no layers; it must have at least one.", nameof(spec));
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or BadImageFormatException or TypeLoadException or TargetInvocationException)
        {
            // A plug-in that is not there or is not one: the spec is wrong, not this worker.
            throw new ArgumentException($"No model of family '{spec.Family}' can be built: {(e.InnerException ?? e).Message}", nameof(spec), e);
        }
    }
}
