using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Native;

/// <summary>
/// Has Torch compute on GPUs so that the same inputs give the same bits: deterministic kernels throughout, float32 products and convolutions in float32 and not in TF32, cuBLAS with a
/// workspace of its own for each stream. TorchSharp does not give Torch's switches for this; they are called by their names in libtorch_cpu. For the whole process, and only where CUDA is used.
/// </summary>
public static unsafe partial class CudaArithmetic
{
    /// <summary>The variable by which cuBLAS and Torch hear how cuBLAS is to take its workspace.</summary>
    public const string WorkspaceVariable = "CUBLAS_WORKSPACE_CONFIG";

    private const string Workspace = ":4096:8";
    private const string GlobalContext = "_ZN2at13globalContextEv";
    private const string DeterministicAlgorithms = "_ZN2at7Context26setDeterministicAlgorithmsEbb";
    private const string DeterministicFill = "_ZN2at7Context39setDeterministicFillUninitializedMemoryEb";

    private static readonly Lock Gate = new();
    private static bool _done;

    /// <summary>Makes CUDA deterministic. Before anything is computed on a GPU; again is harmless.</summary>
    /// <exception cref="DllNotFoundException">Torch's library is not loaded.</exception>
    /// <exception cref="EntryPointNotFoundException">It is of a version that names its switches otherwise.</exception>
    public static void MakeDeterministic()
    {
        lock (Gate)
        {
            if (_done) return;
            // The process's own variable: the runtime's copy, which Environment changes, is seen by managed code alone. Whoever has set it keeps what he set.
            if (SetVariable(WorkspaceVariable, Workspace, 0) != 0)
                throw new InvalidOperationException($"{WorkspaceVariable} could not be set: error {Marshal.GetLastPInvokeError()}.");
            SetAlgorithms(true);
            backends.cuda.matmul.allow_tf32 = false;
            backends.cudnn.allow_tf32 = false;
            _done = true;
        }
    }

    /// <summary>Torch's switch for deterministic algorithms: an operation that has none throws. New memory is not filled, which Torch does by default then.</summary>
    internal static void SetAlgorithms(bool deterministic)
    {
        TorchNative.EnsureLoaded();
        nint library = NativeLibrary.Load("libtorch_cpu.so"); // loaded by now: found by its name, wherever it lies
        nint context = ((delegate* unmanaged<nint>)NativeLibrary.GetExport(library, GlobalContext))();
        ((delegate* unmanaged<nint, byte, byte, void>)NativeLibrary.GetExport(library, DeterministicAlgorithms))(context, deterministic ? (byte)1 : (byte)0, 0);
        ((delegate* unmanaged<nint, byte, void>)NativeLibrary.GetExport(library, DeterministicFill))(context, 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
