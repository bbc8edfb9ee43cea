using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>Reads layer states from a checkpoint whose manifest has been accepted.</summary>
internal static class CheckpointReader
{
    /// <summary>Reads states. Names, types and shapes are compared before memory is taken, and every tensor's checksum before a state is handed out.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="path">For messages.</param>
    /// <param name="model">The model.</param>
    /// <param name="stored">The training that it was written by, which says what else it holds.</param>
    /// <param name="training">The training that the states are for; with no optimizer tensors, those in the file are checked and left.</param>
    /// <param name="progress">Told the share that is read, from 0 to 1.</param>
    /// <exception cref="CheckpointException">It is damaged, or does not hold exactly the model's state.</exception>
    public static IReadOnlyList<LayerState> Read(CheckpointFile file, string path, IStagedModel model, TrainingSpec stored, TrainingSpec training, Action<double>? progress)
    {
        var tensors = Match(file, path, CheckpointTensors.Of(model, stored));
        var states = new List<LayerState>();
        using var scope = NewDisposeScope();
        try
        {
            for (int layer = 0; layer < model.LayerCount; layer++) states.Add(LayerState.Allocate(model, layer, file.Manifest.Step, training));
            file.ReadAll(
                entry => tensors[entry.Name] is var t && t.Slot < states[t.Layer].Tensors.Count ? CheckpointTensors.Part(states[t.Layer], t.Slice, t.Slot).Bytes() : default(Memory<byte>?),
                progress);
            CheckpointTensors.Complete(model, states);
            return states;
        }
        catch
        {
            foreach (var state in states) state.Dispose();
            throw;
        }
    }

    private static Dictionary<string, CheckpointTensor> Match(CheckpointFile file, string path, IReadOnlyList<CheckpointTensor> expected)
    {
        var entries = file.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        foreach (var tensor in expected)
        {
            if (!entries.Remove(tensor.Name, out var entry)) throw new CheckpointException(path, $"tensor '{tensor.Name}' is missing.");
            if (entry.Type != SafetensorsTypes.Float32) throw new CheckpointException(path, $"tensor '{tensor.Name}' is of type {entry.Type}; checkpoints hold {SafetensorsTypes.Float32}.");
            if (!entry.Shape.SequenceEqual(tensor.Slice.Shape))
                throw new CheckpointException(path, $"tensor '{tensor.Name}' has shape {SafetensorsEntry.Text(entry.Shape)}; expected was {SafetensorsEntry.Text(tensor.Slice.Shape)}.");
        }

        return entries.Count == 0
            ? expected.ToDictionary(t => t.Name, StringComparer.Ordinal)
            : throw new CheckpointException(path, $"tensor '{entries.Keys.First()}' is none of this model's.");
    }
}
