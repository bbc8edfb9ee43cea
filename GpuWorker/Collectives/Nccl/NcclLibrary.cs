using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>The functions of NVIDIA's libnccl that are used here, by its documented C interface (nccl.h, version 2).</summary>
internal sealed unsafe class NcclLibrary
{
    /// <summary>The file's name where NCCL is installed for the system (Debian and Ubuntu: package libnccl2).</summary>
    public const string FileName = "libnccl.so.2";

    private readonly delegate* unmanaged<int*, NcclResult> _getVersion;
    private readonly delegate* unmanaged<NcclUniqueId*, NcclResult> _getUniqueId;
    private readonly delegate* unmanaged<nint*, int, NcclUniqueId, int, NcclResult> _initRank;
    private readonly delegate* unmanaged<nint, NcclResult> _destroy;
    private readonly delegate* unmanaged<nint, NcclResult> _abort;
    private readonly delegate* unmanaged<nint, NcclResult*, NcclResult> _getAsyncError;
    private readonly delegate* unmanaged<NcclResult, byte*> _getErrorString;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, NcclResult> _allReduce;
    private readonly delegate* unmanaged<nint, nuint, int, int, nint, nint, NcclResult> _send;
    private readonly delegate* unmanaged<nint, nuint, int, int, nint, nint, NcclResult> _receive;
    private readonly delegate* unmanaged<NcclResult> _groupStart;
    private readonly delegate* unmanaged<NcclResult> _groupEnd;

    private const int Float32 = 7; // ncclFloat32
    private const int Sum = 0; // ncclSum

    private NcclLibrary(nint library)
    {
        _getVersion = (delegate* unmanaged<int*, NcclResult>)NativeLibrary.GetExport(library, "ncclGetVersion");
        _getUniqueId = (delegate* unmanaged<NcclUniqueId*, NcclResult>)NativeLibrary.GetExport(library, "ncclGetUniqueId");
        _initRank = (delegate* unmanaged<nint*, int, NcclUniqueId, int, NcclResult>)NativeLibrary.GetExport(library, "ncclCommInitRank");
        _destroy = (delegate* unmanaged<nint, NcclResult>)NativeLibrary.GetExport(library, "ncclCommDestroy");
        _abort = (delegate* unmanaged<nint, NcclResult>)NativeLibrary.GetExport(library, "ncclCommAbort");
        _getAsyncError = (delegate* unmanaged<nint, NcclResult*, NcclResult>)NativeLibrary.GetExport(library, "ncclCommGetAsyncError");
        _getErrorString = (delegate* unmanaged<NcclResult, byte*>)NativeLibrary.GetExport(library, "ncclGetErrorString");
        _allReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, NcclResult>)NativeLibrary.GetExport(library, "ncclAllReduce");
        _send = (delegate* unmanaged<nint, nuint, int, int, nint, nint, NcclResult>)NativeLibrary.GetExport(library, "ncclSend");
        _receive = (delegate* unmanaged<nint, nuint, int, int, nint, nint, NcclResult>)NativeLibrary.GetExport(library, "ncclRecv");
        _groupStart = (delegate* unmanaged<NcclResult>)NativeLibrary.GetExport(library, "ncclGroupStart");
        _groupEnd = (delegate* unmanaged<NcclResult>)NativeLibrary.GetExport(library, "ncclGroupEnd");
        int version;
        Check(_getVersion(&version), "ncclGetVersion");
        Version = version;
    }

    /// <summary>NCCL's version code: 22703 is 2.27.3.</summary>
    public int Version { get; }

    /// <summary>Loads the library.</summary>
    /// <param name="file">Its name or path.</param>
    /// <exception cref="DllNotFoundException">It cannot be loaded, or lacks a function.</exception>
    public static NcclLibrary Load(string file = FileName)
    {
        try
        {
            return new NcclLibrary(NativeLibrary.Load(file, typeof(NcclLibrary).Assembly, null));
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"NCCL could not be loaded from {file}: {e.Message.Trim()} Install NCCL 2 where the loader finds it, or set collectives to sockets.", e);
        }
    }

    public NcclUniqueId GetUniqueId()
    {
        NcclUniqueId id;
        Check(_getUniqueId(&id), "ncclGetUniqueId");
        return id;
    }

    /// <summary>Joins a communicator; returns when every rank has.</summary>
    public nint InitRank(int ranks, NcclUniqueId id, int rank)
    {
        nint communicator;
        Check(_initRank(&communicator, ranks, id, rank), "ncclCommInitRank");
        return communicator;
    }

    public void Destroy(nint communicator) => Check(_destroy(communicator), "ncclCommDestroy");

    public void Abort(nint communicator) => Check(_abort(communicator), "ncclCommAbort");

    /// <summary>Throws what went wrong in the background since; nothing while operations are in progress.</summary>
    public void CheckAsync(nint communicator)
    {
        NcclResult error;
        Check(_getAsyncError(communicator, &error), "ncclCommGetAsyncError");
        Check(error, "An operation in progress");
    }

    /// <summary>Sums float32 values over all ranks.</summary>
    public void AllReduce(nint from, nint to, long count, nint communicator, nint stream) =>
        Check(_allReduce(from, to, (nuint)count, Float32, Sum, communicator, stream), "ncclAllReduce");

    public void Send(nint from, long count, int rank, nint communicator, nint stream) => Check(_send(from, (nuint)count, Float32, rank, communicator, stream), "ncclSend");

    public void Receive(nint to, long count, int rank, nint communicator, nint stream) => Check(_receive(to, (nuint)count, Float32, rank, communicator, stream), "ncclRecv");

    public void GroupStart() => Check(_groupStart(), "ncclGroupStart");

    public void GroupEnd() => Check(_groupEnd(), "ncclGroupEnd");

    private void Check(NcclResult result, string what)
    {
        if (result is NcclResult.Success or NcclResult.InProgress) return;
        throw new NcclException(what, result, Marshal.PtrToStringUTF8((nint)_getErrorString(result)) ?? "no text");
    }
}

/// <summary>ncclUniqueId: 128 bytes that mean something to NCCL alone, passed by value.</summary>
internal unsafe struct NcclUniqueId
{
    public const int Size = 128;

    private fixed byte _bytes[Size];

    /// <summary>The id's bytes, to be sent to the other ranks.</summary>
    public static Span<byte> BytesOf(ref NcclUniqueId id) => MemoryMarshal.AsBytes(new Span<NcclUniqueId>(ref id));
}

/// <summary>ncclResult_t.</summary>
internal enum NcclResult
{
    /// <summary>ncclSuccess.</summary>
    Success = 0,

    /// <summary>ncclUnhandledCudaError.</summary>
    UnhandledCudaError = 1,

    /// <summary>ncclSystemError.</summary>
    SystemError = 2,

    /// <summary>ncclInternalError.</summary>
    InternalError = 3,

    /// <summary>ncclInvalidArgument.</summary>
    InvalidArgument = 4,

    /// <summary>ncclInvalidUsage.</summary>
    InvalidUsage = 5,

    /// <summary>ncclRemoteError.</summary>
    RemoteError = 6,

    /// <summary>ncclInProgress.</summary>
    InProgress = 7,
}

/// <summary>NCCL refused or failed; the message is its own.</summary>
internal sealed class NcclException(string what, NcclResult result, string text) : Exception($"{what} failed with {(int)result}: {text}")
{
    public NcclResult Result { get; } = result;
}
