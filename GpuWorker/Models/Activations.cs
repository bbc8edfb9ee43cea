using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>Activation functions that Torch names differently.</summary>
internal static class Activations
{
    /// <summary>GELU by its tanh approximation: GPT-2's <c>gelu_new</c>.</summary>
    public static Tensor GeluTanh(Tensor x) => nn.functional.gelu(x, GELU.Approximate.tanh, inplace: false);
}
