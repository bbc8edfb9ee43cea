namespace Parcae.GpuWorker.Transport;

/// <summary>One layer's state, opened for reading. It must not change until it is disposed. Read by one thread.</summary>
public sealed class StateStream : IDisposable
{
    private readonly Func<int, long, int, ReadOnlyMemory<byte>> _read;
    private Action? _close;

    /// <param name="lengths">Bytes of each part, in the order that the fetcher's target has: parameters, first moment, second moment.</param>
    /// <param name="read">Gives bytes of a part: (part, offset within it, count). They are used before the next call.</param>
    /// <param name="close">Called once when nobody reads any more, whether all was read or not.</param>
    public StateStream(IReadOnlyList<long> lengths, Func<int, long, int, ReadOnlyMemory<byte>> read, Action? close = null)
    {
        (Lengths, _read, _close) = (lengths, read, close);
        Length = lengths.Sum();
    }

    /// <param name="parts">The tensors' bytes.</param>
    /// <param name="close">Called once when nobody reads any more, whether all was read or not.</param>
    public StateStream(IReadOnlyList<ReadOnlyMemory<byte>> parts, Action? close = null)
        : this([.. parts.Select(p => (long)p.Length)], (part, offset, count) => parts[part].Slice((int)offset, count), close)
    {
    }

    /// <summary>Bytes of each part.</summary>
    public IReadOnlyList<long> Lengths { get; }

    /// <summary>Bytes of all parts together.</summary>
    public long Length { get; }

    /// <summary>Cancelled when the layer must be given back at once: the transfer is broken off.</summary>
    public CancellationToken Recalled { get; init; }

    /// <summary>Bytes of one part; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Read(int part, long offset, int count) => _read(part, offset, count);

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _close, null)?.Invoke();
}
