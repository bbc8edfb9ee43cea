using Parcae.GpuWorker.Native;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Tests.Gpu;

/// <summary>Tests that need a GPU are skipped where Torch has none; docs/training.md says how to run them.</summary>
public static class Gpu
{
    public const string Missing = "Torch has no CUDA device here (docs/training.md, GPUs)";

    /// <summary>Whether Torch can compute on a GPU.</summary>
    public static bool Exists { get; } = Find();

    private static bool Find()
    {
        TorchNative.EnsureLoaded();
        return cuda.is_available();
    }
}
