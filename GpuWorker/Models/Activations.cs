using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>Activation functions that Torch names differently, or computes more slowly than need be.</summary>
internal static class Activations
{
    /// <summary>GELU by its tanh approximation: GPT-2's <c>gelu_new</c>.</summary>
    public static Tensor GeluTanh(Tensor x) => x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && x.is_contiguous()
        ? Models.GeluTanh.Of(x)
        : nn.functional.gelu(x, GELU.Approximate.tanh, inplace: false);
}
