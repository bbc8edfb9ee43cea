using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Numerics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Models;

/// <summary>Runs single layers.</summary>
internal static class Passes
{
    /// <summary>A layer as it is evaluated.</summary>
    public static Tensor Evaluate(IStagedModel model, LayerState state, Tensor input)
    {
        var parameters = state.Layout.Views(state.Parameters);
        return model.Forward(state.Layer, new LayerPass(state.Layout, parameters, parameters, Dropout.None, null, null), input);
    }
}
