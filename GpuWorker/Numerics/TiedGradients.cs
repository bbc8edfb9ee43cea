using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>One tied parameter: a copy in a later layer, and its owner.</summary>
/// <param name="Owner">Layer of the owner.</param>
/// <param name="OwnerSlice">The owner's place in its layer.</param>
/// <param name="Copy">Layer of the copy.</param>
/// <param name="CopySlice">The copy's place in its layer.</param>
public sealed record TiedPair(int Owner, ParameterSlice OwnerSlice, int Copy, ParameterSlice CopySlice)
{
    /// <summary>All tied parameters of a model, in order of the copies.</summary>
    public static IReadOnlyList<TiedPair> Of(IStagedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return [.. from layer in Enumerable.Range(0, model.LayerCount)
                   from slice in model.Layout(layer).Parameters
                   let tie = slice.Tie.GetValueOrDefault()
                   where slice.Tie is not null
                   select new TiedPair(tie.Layer, model.Layout(tie.Layer).Parameters[tie.Parameter], layer, slice)];
    }

    /// <summary>
    /// Makes both gradients the sum of both, the owner's first. (A float32 addition is what an addition in float64, rounded once, gives.) Owner and copy, which
    /// then go through the same optimizer, stay equal to the last bit.
    /// </summary>
    /// <param name="owner">Summed gradient of the owner, flat float32; receives the sum.</param>
    /// <param name="copy">Summed gradient of the copy; receives the sum too.</param>
    public static void Add(Tensor owner, Tensor copy)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentNullException.ThrowIfNull(copy);
        if (owner.device_type == DeviceType.CPU) TreeMerge.Add(owner.Floats().Span, copy.Floats().Span);
        else owner.PlusInPlace(copy);
        copy.copy_(owner);
    }
}
