namespace Parcae.GpuWorker.Collectives;

/// <summary>How a flat vector is cut: chunks of equal length, the last one shorter, dealt round to the replicas. All replicas cut alike.</summary>
/// <param name="Elements">Elements of the vector.</param>
/// <param name="Length">Elements of a chunk.</param>
internal readonly record struct ChunkLayout(int Elements, int Length)
{
    /// <summary>No chunk is cut smaller than this, 4 KiB: a frame costs more than it saves.</summary>
    private const int Smallest = 1024;

    /// <summary>Chunks.</summary>
    public int Count => (Elements + Length - 1) / Length;

    /// <summary>A layout that gives every replica a chunk, where they would not be too small.</summary>
    /// <param name="elements">Elements of the vector.</param>
    /// <param name="most">Most elements of a chunk.</param>
    /// <param name="replicas">D.</param>
    public static ChunkLayout Of(int elements, int most, int replicas)
    {
        int share = (int)(((long)elements + replicas - 1) / replicas);
        return new(elements, Math.Min(most, Math.Max(Smallest, (share + Smallest - 1) / Smallest * Smallest)));
    }

    /// <summary>Where a chunk lies.</summary>
    public (int From, int Count) Of(int chunk)
    {
        int from = chunk * Length;
        return (from, Math.Min(Length, Elements - from));
    }

    /// <summary>The chunk's place in a vector.</summary>
    public Memory<float> In(Memory<float> vector, int chunk)
    {
        var (from, count) = Of(chunk);
        return vector.Slice(from, count);
    }

    /// <summary>How many of the chunks are dealt to a replica.</summary>
    public int OwnedBy(int replica, int replicas) => Count > replica ? (Count - replica - 1) / replicas + 1 : 0;
}
