namespace Parcae.GpuWorker.Transport;

/// <summary>Fills memory with what a holder sends; throws when it does not.</summary>
public delegate void StateFiller(Span<byte> bytes);

/// <summary>Where the state of one layer goes. Called concurrently, for pieces that do not overlap.</summary>
public interface IStateTarget
{
    /// <summary>Bytes of each part, in the order that the holder's stream has: parameters, first moment, second moment.</summary>
    IReadOnlyList<long> Lengths { get; }

    /// <summary>Has a piece of a part filled, and takes it over when that went well. A piece that failed comes again.</summary>
    /// <param name="part">The part.</param>
    /// <param name="offset">First byte within it.</param>
    /// <param name="count">Bytes.</param>
    /// <param name="fill">Fills that many.</param>
    void Take(int part, long offset, int count, StateFiller fill);
}

/// <summary>State that is wanted as plain memory.</summary>
/// <param name="parts">Where the parts go: parameters, first moment, second moment.</param>
public sealed class MemoryStateTarget(IReadOnlyList<Memory<byte>> parts) : IStateTarget
{
    /// <inheritdoc/>
    public IReadOnlyList<long> Lengths { get; } = [.. parts.Select(p => (long)p.Length)];

    /// <inheritdoc/>
    public void Take(int part, long offset, int count, StateFiller fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        fill(parts[part].Span.Slice((int)offset, count));
    }
}
