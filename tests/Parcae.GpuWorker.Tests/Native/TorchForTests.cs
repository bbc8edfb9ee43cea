using System.Runtime.CompilerServices;
using Parcae.GpuWorker.Native;
using TorchSharp;

namespace Parcae.GpuWorker.Tests.Native;

/// <summary>Tests use TorchSharp directly, perhaps before anything of the worker's: then nobody would have made it loadable.</summary>
internal static class TorchForTests
{
    [ModuleInitializer]
    internal static void Load()
    {
        TorchNative.EnsureLoaded();
        // Tests run beside each other, and a worker among them sets the number for the whole process: with one number throughout, bits can be compared.
        torch.set_num_threads(1);
    }
}
