using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Transport;

/// <summary>
/// A pooled payload, in memory that does not move and begins at a cache line.
/// Whoever holds it disposes it exactly once (or hands it to <see cref="Mesh"/>, which does); the memory must not be touched afterwards.
/// </summary>
public sealed class FrameBuffer : IDisposable
{
    private readonly FramePool _pool;
    private readonly NativeBlock _block;
    private int _holders;

    internal FrameBuffer(FramePool pool, int capacity)
    {
        (_pool, Capacity, _block) = (pool, capacity, new NativeBlock(capacity));
    }

    /// <summary>Payload bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The payload.</summary>
    public Memory<byte> Memory => _block.Memory[..Length];

    /// <summary>The payload.</summary>
    public Span<byte> Span => _block.GetSpan()[..Length];

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

    /// <summary>Frees the memory: the pool has enough.</summary>
    internal void Free() => ((IDisposable)_block).Dispose();

    internal void Begin(int length) => (Length, _holders) = (length, 1);
}

/// <summary>Keeps returned buffers by size class (a little less than powers of two: from 32 MiB on the C library takes each block from the system and gives it back), up to a number of bytes; what exceeds it is freed.</summary>
internal sealed class FramePool(long maxBytes) : IDisposable
{
    private const int SmallestClass = 12; // 4 KiB
    private const int Less = 256;
    private readonly Stack<FrameBuffer>[] _classes = [.. Enumerable.Range(0, 32 - SmallestClass).Select(_ => new Stack<FrameBuffer>())];
    private long _kept;
    private volatile bool _closed;

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

        if (buffer is null) buffer = new FrameBuffer(this, (int)Math.Min((1L << sizeClass) - Less, Array.MaxLength));
        else Interlocked.Add(ref _kept, -buffer.Capacity);
        buffer.Begin(length);
        return buffer;
    }

    public void Return(FrameBuffer buffer)
    {
        if (Interlocked.Add(ref _kept, buffer.Capacity) > maxBytes || _closed)
        {
            Interlocked.Add(ref _kept, -buffer.Capacity);
            buffer.Free();
            return;
        }

        var buffers = _classes[ClassOf(buffer.Capacity) - SmallestClass];
        lock (buffers)
        {
            buffers.Push(buffer);
        }

        if (_closed) Empty(buffers);
    }

    /// <summary>Frees what it keeps. Buffers that are out are freed when they come back.</summary>
    public void Dispose()
    {
        _closed = true;
        foreach (var buffers in _classes) Empty(buffers);
    }

    private static void Empty(Stack<FrameBuffer> buffers)
    {
        lock (buffers)
        {
            while (buffers.TryPop(out var buffer)) buffer.Free();
        }
    }

    private static int ClassOf(int length) => Math.Max(SmallestClass, 64 - (int)long.LeadingZeroCount((long)length + Less - 1));
}
