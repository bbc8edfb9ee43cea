using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Native;

/// <summary>The C library's memory, which Torch takes its own from.</summary>
internal static class HostMemory
{
    /// <summary>Gives what is free back to the operating system: a worker is told to keep it (<see cref="Grains.WorkerEnvironment"/>), but not for nobody. Does nothing where the C library has no such call.</summary>
    public static void GiveBack()
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out nint library)) return;
        try
        {
            if (NativeLibrary.TryGetExport(library, "malloc_trim", out nint trim)) _ = Marshal.GetDelegateForFunctionPointer<MallocTrim>(trim)(0);
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    private delegate int MallocTrim(nuint pad);
}
