using Parcae.GpuWorker.Numerics;
using Parcae.GpuWorker.Transport;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// What the all-reduces over sockets have in common. A vector goes in chunks that stay in the cache from the socket to the sum: the threads that read the
/// connections check, add and pass on each chunk as it comes, and nothing is copied on its way out. This thread only begins and waits.
/// </summary>
internal abstract class SocketAllReduce : IAllReduce
{
    private readonly MeshWork _work;
    private readonly HostStaging _staging = new();
    private readonly List<Memory<float>> _own = [];

    /// <summary>Prepares an all-reduce.</summary>
    /// <param name="mesh">Connects the replicas.</param>
    /// <param name="replicas">Instance ids of the stage's replicas, by pipeline.</param>
    /// <param name="self">Which of them this is.</param>
    /// <param name="microBatches">M.</param>
    /// <param name="chunkElements">Most elements of a chunk.</param>
    protected SocketAllReduce(Mesh mesh, string[] replicas, int self, int microBatches, int chunkElements)
    {
        (Mesh, Replicas, Self, ChunkElements) = (mesh, replicas, self, chunkElements);
        Merge = new TreeMerge(microBatches, replicas.Length);
        _work = new MeshWork(mesh);
    }

    /// <summary>Most elements of a chunk where nothing else is said: 256 KiB, which fits the second-level cache beside what is added to it.</summary>
    public const int DefaultChunkElements = 64 << 10;

    protected Mesh Mesh { get; }

    protected string[] Replicas { get; }

    protected int Self { get; }

    protected TreeMerge Merge { get; }

    protected int ChunkElements { get; }

    /// <summary>The bucket at work.</summary>
    protected (int Step, int Bucket) Bucket { get; private set; }

    protected IReadOnlyList<Memory<float>> Own { get; private set; } = [];

    protected Memory<float> Sum { get; private set; }

    protected ChunkLayout Chunks { get; private set; }

    /// <inheritdoc/>
    public void Run(int step, int bucket, IReadOnlyList<Tensor> own, Tensor sum)
    {
        _own.Clear();
        for (int i = 0; i < own.Count; i++) _own.Add(_staging.Read(own[i], i));
        Run(step, bucket, _own, _staging.Open(sum, own.Count));
        _staging.Write(sum, own.Count);
    }

    /// <inheritdoc cref="Run(int, int, IReadOnlyList{Tensor}, Tensor)"/>
    public void Run(int step, int bucket, IReadOnlyList<Memory<float>> own, Memory<float> sum)
    {
        if (own.Count != Merge.PartsOf(Self).Count) throw new ArgumentException($"This replica's block has {Merge.PartsOf(Self).Count} subtrees, {own.Count} were given.", nameof(own));
        foreach (var part in own)
        {
            if (part.Length != sum.Length) throw new ArgumentException($"A subtree of {part.Length} elements cannot be summed into {sum.Length}.", nameof(own));
        }

        if (Replicas.Length == 1)
        {
            own[0].CopyTo(sum);
            return;
        }

        (Bucket, Own, Sum, Chunks) = ((step, bucket), own, sum, ChunkLayout.Of(sum.Length, ChunkElements, Replicas.Length));
        try
        {
            Begin(_work);
            Mesh.Await(_work);
        }
        finally
        {
            Mesh.Release(_work);
            End();
            (Own, Sum) = ([], default);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _staging.Dispose();

    /// <summary>Sends what can be sent at once, names who takes what comes, and counts in <paramref name="work"/> what is to be waited for.</summary>
    protected abstract void Begin(MeshWork work);

    /// <summary>Lets go of what was kept. No sink is in use any more.</summary>
    protected virtual void End()
    {
    }

    /// <summary>A frame's key.</summary>
    protected FrameKey Key(FrameKind kind, int part = 0) => new(kind, Bucket.Step, Bucket.Bucket, part);

    /// <summary>A frame's values, which must be those of a chunk.</summary>
    protected static Span<float> Values(FrameKey key, FrameBuffer frame, int elements) => frame.Length == elements * sizeof(float)
        ? frame.Floats
        : throw new FrameException($"'{key}' has {frame.Length} bytes where {elements * sizeof(float)} were due.");

    /// <summary>The chunk that a frame says it is, which must exist.</summary>
    protected int CheckChunk(FrameKey key, int chunk) => (uint)chunk < (uint)Chunks.Count ? chunk : throw new FrameException($"'{key}' is none of {Chunks.Count} chunks.");
}
