using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// A pooled payload, in memory that does not move and begins at a cache line.
/// Whoever holds it disposes it exactly once (or hands it to <see cref="Mesh"/>, which does); the memory must not be touched afterwards.
/// </summary>
public sealed class FrameBuffer : IDisposable
{
    internal const int CacheLine = 64;

    private readonly FramePool _pool;
    private readonly byte[] _bytes;
    private readonly int _start;
    private int _holders;

    internal FrameBuffer(FramePool pool, int capacity)
    {
        (_pool, Capacity) = (pool, capacity);
        _bytes = GC.AllocateUninitializedArray<byte>(CacheLine + capacity, pinned: true);
        _start = (int)((CacheLine - Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0) % CacheLine) % CacheLine);
    }

    /// <summary>Payload bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The payload.</summary>
    public Memory<byte> Memory => _bytes.AsMemory(_start, Length);

    /// <summary>The payload.</summary>
    public Span<byte> Span => _bytes.AsSpan(_start, Length);

    /// <summary>The payload as float32, little-endian.</summary>
    public Span<float> Floats => MemoryMarshal.Cast<byte, float>(Span);

    internal int Capacity { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        int holders = Interlocked.Decrement(ref _holders);
        if (holders == 0) _pool.Return(this);
        else if (holders < 0) throw new ObjectDisposedException(nameof(FrameBuffer), "The frame buffer was disposed more often than it was handed out.");
    }

    /// <summary>One more holder, who disposes of it too.</summary>
    internal FrameBuffer Share()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    internal void Begin(int length) => (Length, _holders) = (length, 1);
}

/// <summary>Keeps returned buffers by size class (powers of two), up to a number of bytes; what exceeds it goes to the garbage collector.</summary>
internal sealed class FramePool(long maxBytes)
{
    private const int SmallestClass = 12; // 4 KiB
    private readonly Stack<FrameBuffer>[] _classes = [.. Enumerable.Range(0, 32 - SmallestClass).Select(_ => new Stack<FrameBuffer>())];
    private long _kept;

    /// <summary>A buffer for a payload of <paramref name="length"/> bytes; its content is undefined.</summary>
    public FrameBuffer Rent(int length)
    {
        int sizeClass = ClassOf(length);
        var buffers = _classes[sizeClass - SmallestClass];
        FrameBuffer? buffer;
        lock (buffers)
        {
            buffers.TryPop(out buffer);
        }

        if (buffer is null) buffer = new FrameBuffer(this, (int)Math.Min(1L << sizeClass, Array.MaxLength - FrameBuffer.CacheLine));
        else Interlocked.Add(ref _kept, -buffer.Capacity);
        buffer.Begin(length);
        return buffer;
    }

    public void Return(FrameBuffer buffer)
    {
        if (Interlocked.Add(ref _kept, buffer.Capacity) > maxBytes)
        {
            Interlocked.Add(ref _kept, -buffer.Capacity);
            return;
        }

        var buffers = _classes[ClassOf(buffer.Capacity) - SmallestClass];
        lock (buffers)
        {
            buffers.Push(buffer);
        }
    }

    private static int ClassOf(int length) => Math.Max(SmallestClass, 32 - int.LeadingZeroCount(Math.Max(length, 1) - 1));
}
