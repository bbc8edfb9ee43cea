using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A tensor of a checkpoint: a parameter, or what the optimizer keeps of it.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Layer">The layer.</param>
/// <param name="Slice">The parameter.</param>
/// <param name="Slot">Which of <see cref="LayerState.Tensors"/> it lies in: 0 for the parameter itself.</param>
internal sealed record CheckpointTensor(string Name, int Layer, ParameterSlice Slice, int Slot);

/// <summary>
/// What of a model's state is stored, by which names: every parameter once, and the optimizer's tensors of those that are trained. Not stored are copies (they
/// equal their owner to the last bit) and the optimizer's tensors of running statistics (it never touches them).
/// </summary>
internal static class CheckpointTensors
{
    private static readonly string[] AdamW = ["first_moment.", "second_moment."], Sgd = ["momentum."];

    /// <summary>What names of the optimizer's tensors begin with, in their order.</summary>
    public static IReadOnlyList<string> SlotPrefixes(TrainingSpec training) =>
        [.. (training.Optimizer == "adamw" ? AdamW : Sgd).Take(training.OptimizerSlots)];

    /// <summary>All that is stored, in the order of the file.</summary>
    public static IReadOnlyList<CheckpointTensor> Of(IStagedModel model, TrainingSpec training)
    {
        string[] prefixes = ["", .. SlotPrefixes(training)];
        return [.. from layer in Enumerable.Range(0, model.LayerCount)
                   let layout = model.Layout(layer)
                   from slot in Enumerable.Range(0, prefixes.Length)
                   from slice in layout.Parameters
                   where slice.Tie is null && (slot == 0 || slice.Role != ParameterRole.Statistic)
                   select new CheckpointTensor($"{prefixes[slot]}{layout.Name}.{slice.Name}", layer, slice, slot)];
    }

    /// <summary>A parameter's part of a flat tensor.</summary>
    public static Tensor Part(LayerState state, ParameterSlice slice, int slot) => state.Tensors[slot].narrow(0, slice.Offset, slice.Length);

    /// <summary>Fills in what is not stored.</summary>
    /// <param name="model">The model.</param>
    /// <param name="states">All of its layers, with all that is stored.</param>
    public static void Complete(IStagedModel model, IReadOnlyList<LayerState> states)
    {
        using var scope = NewDisposeScope();
        foreach (var state in states)
        {
            foreach (var slice in state.Layout.Parameters)
            {
                for (int slot = 0; slot < state.Tensors.Count; slot++)
                {
                    if (slice.Tie is { } tie) Part(state, slice, slot).copy_(Part(states[tie.Layer], model.Layout(tie.Layer).Parameters[tie.Parameter], slot));
                    else if (slot > 0 && slice.Role == ParameterRole.Statistic) Part(state, slice, slot).zero_();
                }
            }
        }
    }
}
