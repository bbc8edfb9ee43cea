using System.Runtime.CompilerServices;
using Parcae.GpuWorker.Native;

namespace Parcae.GpuWorker.Tests.Native;

/// <summary>Tests use TorchSharp directly, perhaps before anything of the worker's: then nobody would have made it loadable.</summary>
internal static class TorchForTests
{
    [ModuleInitializer]
    internal static void Load()
    {
        TorchNative.EnsureLoaded();
        // As workers that share a machine do: test classes run beside each other, and OpenMP's threads spin while they wait.
        TorchSharp.torch.set_num_threads(1);
    }
}
