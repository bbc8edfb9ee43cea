using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// All-reduce in a ring, for jobs that give up bit-identity under every plan: each replica sums its own subtrees first, so that a block of any shape crosses the wire
/// once, and talks to two neighbours only. Every chunk goes round from the replica after its owner to the owner, gathering the sum, and once more round to
/// everybody: D-1 hops each. All replicas get the same bits, within float rounding of the tree's.
/// </summary>
internal sealed class RingAllReduce : SocketAllReduce
{
    private readonly PairExchange? _pair;
    private readonly Gathering _gathering;
    private readonly Spreading _spreading;
    private MeshWork? _work;

    /// <inheritdoc cref="SocketAllReduce(Mesh, string[], int, int, int)"/>
    public RingAllReduce(Mesh mesh, string[] replicas, int self, int microBatches, int chunkElements = DefaultChunkElements)
        : base(mesh, replicas, self, microBatches, chunkElements)
    {
        (_gathering, _spreading) = (new Gathering(this), new Spreading(this));
        if (replicas.Length == 2) _pair = new PairExchange(mesh, replicas[1 - self]);
    }

    private int Next => (Self + 1) % Replicas.Length;

    private int Previous => (Self + Replicas.Length - 1) % Replicas.Length;

    /// <inheritdoc/>
    protected override void Begin(MeshWork work)
    {
        _work = work;
        for (int chunk = 0; chunk < Chunks.Count; chunk++)
        {
            for (int part = 1; part < Own.Count; part++) TreeMerge.Add(Chunks.In(Own[0], chunk).Span, Chunks.In(Own[part], chunk).Span);
        }

        if (_pair is not null)
        {
            _pair.Begin(Key(FrameKind.ReduceChunk), Own.Count > 0 ? Own[0] : (Memory<float>?)null, Merge.PartsOf(1 - Self).Count > 0, Self == 0, Sum, Chunks, work);
            return;
        }

        work.Begin(Chunks.Count);
        Mesh.Expect(Replicas[Previous], Key(FrameKind.ReduceChunk), Chunks.Count - Chunks.OwnedBy(Previous, Replicas.Length), _gathering, work);
        Mesh.Expect(Replicas[Previous], Key(FrameKind.ReducedChunk), Chunks.Count - Chunks.OwnedBy(Self, Replicas.Length), _spreading, work);
        for (int chunk = Previous; chunk < Chunks.Count; chunk += Replicas.Length)
        {
            var sum = Chunks.In(Sum, chunk);
            if (Own.Count == 0) sum.Span.Clear();
            Mesh.Lend(Replicas[Next], Key(FrameKind.ReduceChunk, chunk), Own.Count == 0 ? sum : Chunks.In(Own[0], chunk), work);
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        _pair?.End();
        _work = null;
    }

    /// <summary>Adds this replica's share to a chunk on its way to its owner.</summary>
    private sealed class Gathering(RingAllReduce all) : IFrameSink
    {
        public void Take(FrameKey key, FrameBuffer frame)
        {
            int chunk = all.CheckChunk(key, key.Part);
            var sum = all.Chunks.In(all.Sum, chunk);
            using (frame)
            {
                var values = Values(key, frame, sum.Length);
                if (all.Own.Count == 0) values.CopyTo(sum.Span);
                else TreeMerge.Add(values, all.Chunks.In(all.Own[0], chunk).Span, sum.Span);
            }

            bool isOwner = chunk % all.Replicas.Length == all.Self;
            all.Mesh.Lend(all.Replicas[all.Next], all.Key(isOwner ? FrameKind.ReducedChunk : FrameKind.ReduceChunk, chunk), sum, all._work!);
            if (isOwner) all._work!.End();
        }
    }

    /// <summary>Takes a chunk's sum and passes it on, until it has come to the replica before its owner.</summary>
    private sealed class Spreading(RingAllReduce all) : IFrameSink
    {
        public void Take(FrameKey key, FrameBuffer frame)
        {
            int chunk = all.CheckChunk(key, key.Part);
            var sum = all.Chunks.In(all.Sum, chunk);
            using (frame) Values(key, frame, sum.Length).CopyTo(sum.Span);
            if (chunk % all.Replicas.Length != all.Next) all.Mesh.Lend(all.Replicas[all.Next], all.Key(FrameKind.ReducedChunk, chunk), sum, all._work!);
            all._work!.End();
        }
    }
}
