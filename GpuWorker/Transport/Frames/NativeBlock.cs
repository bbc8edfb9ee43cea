using System.Buffers;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Transport;

/// <summary>Memory of the C library that begins at a cache line. From the same pool as Torch's: pages that one generation has touched serve the next, and huge ones where the system gives them.</summary>
internal sealed unsafe class NativeBlock : MemoryManager<byte>
{
    private const int CacheLine = 64;

    private static int _alive;
    private readonly int _length;
    private byte* _start;

    public NativeBlock(int length)
    {
        _start = (byte*)NativeMemory.AlignedAlloc((nuint)length, CacheLine);
        _length = length;
        Interlocked.Increment(ref _alive);
    }

    /// <summary>How many there are in this process. One that is forgotten is never freed: whoever holds a span of it would not keep it alive.</summary>
    public static int Alive => Volatile.Read(ref _alive);

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_start is null, this);
        return new(_start, _length);
    }

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
        // It never moves.
    }

    protected override void Dispose(bool disposing)
    {
        if (_start is null) return;
        NativeMemory.AlignedFree(_start);
        _start = null;
        Interlocked.Decrement(ref _alive);
    }
}
