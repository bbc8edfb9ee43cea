using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>
/// The functions of the CUDA driver that Torch does not give: a stream of our own beside Torch's, and whether it is done, without blocking. By the documented C
/// interface (cuda.h); the driver's library has the same name everywhere, unlike the runtime's that Torch brings.
/// </summary>
internal sealed unsafe class CudaDriver
{
    /// <summary>The driver's library.</summary>
    public const string FileName = "libcuda.so.1";

    private const int NotReady = 600; // CUDA_ERROR_NOT_READY
    private const uint NonBlocking = 1; // CU_STREAM_NON_BLOCKING: not held up by the default stream
    private const uint DisableTiming = 2; // CU_EVENT_DISABLE_TIMING

    private readonly delegate* unmanaged<int*, int, int> _deviceGet;
    private readonly delegate* unmanaged<byte*, int, int> _deviceGetUuid;
    private readonly delegate* unmanaged<nint*, int, int> _retain;
    private readonly delegate* unmanaged<int, int> _release;
    private readonly delegate* unmanaged<nint, int> _setCurrent;
    private readonly delegate* unmanaged<nint*, uint, int> _streamCreate;
    private readonly delegate* unmanaged<nint, int> _streamQuery;
    private readonly delegate* unmanaged<nint, int> _streamDestroy;
    private readonly delegate* unmanaged<nint, nint, uint, int> _streamWaitEvent;
    private readonly delegate* unmanaged<nint*, uint, int> _eventCreate;
    private readonly delegate* unmanaged<nint, nint, int> _eventRecord;
    private readonly delegate* unmanaged<nint, int> _eventDestroy;
    private readonly delegate* unmanaged<int, byte**, int> _getErrorString;

    private CudaDriver(nint library)
    {
        _deviceGet = (delegate* unmanaged<int*, int, int>)NativeLibrary.GetExport(library, "cuDeviceGet");
        _deviceGetUuid = (delegate* unmanaged<byte*, int, int>)NativeLibrary.GetExport(library, "cuDeviceGetUuid");
        _retain = (delegate* unmanaged<nint*, int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRetain");
        _release = (delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "cuDevicePrimaryCtxRelease_v2");
        _setCurrent = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuCtxSetCurrent");
        _streamCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cuStreamCreate");
        _streamQuery = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuStreamQuery");
        _streamDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuStreamDestroy_v2");
        _streamWaitEvent = (delegate* unmanaged<nint, nint, uint, int>)NativeLibrary.GetExport(library, "cuStreamWaitEvent");
        _eventCreate = (delegate* unmanaged<nint*, uint, int>)NativeLibrary.GetExport(library, "cuEventCreate");
        _eventRecord = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cuEventRecord");
        _eventDestroy = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "cuEventDestroy_v2");
        _getErrorString = (delegate* unmanaged<int, byte**, int>)NativeLibrary.GetExport(library, "cuGetErrorString");
        var init = (delegate* unmanaged<uint, int>)NativeLibrary.GetExport(library, "cuInit");
        Check(init(0), "cuInit");
    }

    /// <summary>Loads the driver.</summary>
    /// <exception cref="DllNotFoundException">There is none.</exception>
    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public static CudaDriver Load(string file = FileName)
    {
        try
        {
            return new CudaDriver(NativeLibrary.Load(file, typeof(CudaDriver).Assembly, null));
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            throw new DllNotFoundException($"The CUDA driver could not be loaded from {file}: {e.Message.Trim()}", e);
        }
    }

    /// <summary>What names a device everywhere.</summary>
    public Guid Uuid(int ordinal)
    {
        int device;
        Check(_deviceGet(&device, ordinal), "cuDeviceGet");
        Guid uuid;
        Check(_deviceGetUuid((byte*)&uuid, device), "cuDeviceGetUuid");
        return uuid;
    }

    /// <summary>A stream of its own on a device.</summary>
    public CudaStream OpenStream(int ordinal) => new(this, ordinal);

    internal (int Device, nint Context) Retain(int ordinal)
    {
        int device;
        nint context;
        Check(_deviceGet(&device, ordinal), "cuDeviceGet");
        Check(_retain(&context, device), "cuDevicePrimaryCtxRetain");
        return (device, context);
    }

    internal void Release(int device) => Check(_release(device), "cuDevicePrimaryCtxRelease");

    internal void SetCurrent(nint context) => Check(_setCurrent(context), "cuCtxSetCurrent");

    internal nint CreateStream()
    {
        nint stream;
        Check(_streamCreate(&stream, NonBlocking), "cuStreamCreate");
        return stream;
    }

    internal nint CreateEvent()
    {
        nint made;
        Check(_eventCreate(&made, DisableTiming), "cuEventCreate");
        return made;
    }

    internal bool Query(nint stream)
    {
        int result = _streamQuery(stream);
        if (result == NotReady) return false;
        Check(result, "cuStreamQuery");
        return true;
    }

    /// <summary><paramref name="stream"/> goes on only after what is in Torch's stream now.</summary>
    internal void WaitForDefault(nint stream, nint marker)
    {
        Check(_eventRecord(marker, 0), "cuEventRecord");
        Check(_streamWaitEvent(stream, marker, 0), "cuStreamWaitEvent");
    }

    internal void Destroy(nint stream, nint marker)
    {
        Check(_eventDestroy(marker), "cuEventDestroy");
        Check(_streamDestroy(stream), "cuStreamDestroy");
    }

    private void Check(int result, string what)
    {
        if (result == 0) return;
        byte* text = null;
        string said = _getErrorString(result, &text) == 0 && text is not null ? Marshal.PtrToStringUTF8((nint)text)! : "no text";
        throw new InvalidOperationException($"{what} failed with {result}: {said}");
    }
}

/// <summary>A CUDA stream beside Torch's, so that gradients are summed while it computes.</summary>
internal sealed class CudaStream : IDisposable
{
    private readonly CudaDriver _driver;
    private readonly int _device;
    private readonly nint _context;
    private readonly nint _marker;

    internal CudaStream(CudaDriver driver, int ordinal)
    {
        _driver = driver;
        (_device, _context) = driver.Retain(ordinal);
        Enter();
        (Handle, _marker) = (driver.CreateStream(), driver.CreateEvent());
    }

    /// <summary>The cudaStream_t.</summary>
    public nint Handle { get; }

    /// <summary>Whether everything in the stream is done.</summary>
    public bool IsDone => _driver.Query(Handle);

    /// <summary>This thread uses the stream's device from here on.</summary>
    public void Enter() => _driver.SetCurrent(_context);

    /// <summary>What is put into the stream from here on sees what Torch has been told to compute so far.</summary>
    public void FollowTorch() => _driver.WaitForDefault(Handle, _marker);

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Destroy(Handle, _marker);
        _driver.Release(_device);
    }
}
