using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A model with the parameters of a checkpoint, without the optimizer's state.</summary>
/// <param name="Manifest">What the checkpoint is of.</param>
/// <param name="Model">The model.</param>
/// <param name="States">Every layer in order.</param>
public sealed record TrainedModel(CheckpointManifest Manifest, IStagedModel Model, IReadOnlyList<LayerState> States) : IDisposable
{
    // An optimizer that keeps nothing.
    private static readonly TrainingSpec NoOptimizer = new() { Optimizer = "sgd", Momentum = 0 };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var state in States) state.Dispose();
    }

    /// <summary>Builds the model that the manifest names and reads its parameters. The manifest is not trusted: its sizes must be those of a valid job and of the file.</summary>
    internal static TrainedModel Read(CheckpointFile file, string path, int version, Action<double>? progress)
    {
        var manifest = file.Manifest;
        if (manifest.Step != version) throw new CheckpointException(path, $"its step is {manifest.Step}; expected was {version}.");
        // Whoever can write a checkpoint must not choose the code that runs here.
        if (manifest.Model.Family == "plugin") throw new CheckpointException(path, $"its model comes from the class library {manifest.Model.Assembly}, which a checkpoint alone does not load.");
        if (JobSpecValidation.Problems(manifest.ToJob()) is { Count: > 0 } problems) throw new CheckpointException(path, $"its manifest is not of a valid job: {string.Join(' ', problems)}");
        var model = ModelFactory.Create(manifest.Model with { InitialWeights = null });
        return new(manifest, model, CheckpointReader.Read(file, path, model, manifest.Training, NoOptimizer, progress));
    }
}
