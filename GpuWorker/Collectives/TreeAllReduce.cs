using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// All-reduce over the replicas of a stage in the fixed summation tree: bit-equal to the sum that one process would make. Each replica owns every D-th chunk of the flat
/// vector, gets everybody's subtrees of it, merges them in tree order, and hands the sum to all: every byte crosses the wire (D-1)/D times each way
/// (times the number of subtrees of a block, one when D divides M in powers of two). Two replicas with one subtree each take <see cref="PairExchange"/>.
/// </summary>
internal sealed class TreeAllReduce : SocketAllReduce
{
    private readonly PairExchange? _pair;
    private readonly Subtrees[] _subtrees;
    private readonly Sums _sums;
    private readonly int _missingOfChunk;
    private FrameBuffer?[] _frames = [];
    private int[] _missing = [];
    private MeshWork? _work;

    /// <inheritdoc cref="SocketAllReduce(Mesh, string[], int, int, int)"/>
    public TreeAllReduce(Mesh mesh, string[] replicas, int self, int microBatches, int chunkElements = DefaultChunkElements, bool exchangePairs = true)
        : base(mesh, replicas, self, microBatches, chunkElements)
    {
        _subtrees = [.. Enumerable.Range(0, replicas.Length).Select(replica => new Subtrees(this, replica))];
        _sums = new Sums(this);
        _missingOfChunk = Merge.Nodes.Count - Merge.PartsOf(self).Count;
        bool single = replicas.Length == 2 && Merge.PartsOf(0).Count <= 1 && Merge.PartsOf(1).Count <= 1;
        if (single && exchangePairs) _pair = new PairExchange(mesh, replicas[1 - self]);
    }

    private int Nodes => Merge.Nodes.Count;

    /// <inheritdoc/>
    protected override void Begin(MeshWork work)
    {
        if (_pair is not null)
        {
            _pair.Begin(Key(FrameKind.ReduceChunk), Own.Count > 0 ? Own[0] : (Memory<float>?)null, Merge.PartsOf(1 - Self).Count > 0, Self == 0, Sum, Chunks, work);
            return;
        }

        _work = work;
        int owned = Chunks.OwnedBy(Self, Replicas.Length);
        if (_frames.Length < Chunks.Count * Nodes) _frames = new FrameBuffer?[Chunks.Count * Nodes];
        if (_missing.Length < Chunks.Count) _missing = new int[Chunks.Count];
        Array.Fill(_missing, _missingOfChunk);
        work.Begin(Chunks.Count);
        for (int i = 1; i < Replicas.Length; i++)
        {
            int peer = (Self + i) % Replicas.Length;
            Mesh.Expect(Replicas[peer], Key(FrameKind.ReduceChunk), owned * Merge.PartsOf(peer).Count, _subtrees[peer], work);
            Mesh.Expect(Replicas[peer], Key(FrameKind.ReducedChunk), Chunks.OwnedBy(peer, Replicas.Length), _sums, work);
        }

        // Chunk by chunk, so that every connection has something to do from the beginning.
        var (first, count) = Merge.PartsOf(Self);
        for (int chunk = 0; chunk < Chunks.Count; chunk++)
        {
            int owner = chunk % Replicas.Length;
            if (owner != Self)
            {
                for (int part = 0; part < count; part++) Mesh.Lend(Replicas[owner], Key(FrameKind.ReduceChunk, chunk * Nodes + first + part), Chunks.In(Own[part], chunk), work);
            }
            else if (_missingOfChunk == 0)
            {
                MergeChunk(chunk);
            }
        }
    }

    /// <inheritdoc/>
    protected override void End()
    {
        _pair?.End();
        for (int i = 0; i < _frames.Length; i++)
        {
            _frames[i]?.Dispose();
            _frames[i] = null;
        }

        _work = null;
    }

    /// <summary>Merges an own chunk, all of whose subtrees are there, and sends the sum to all.</summary>
    private void MergeChunk(int chunk)
    {
        var sum = Chunks.In(Sum, chunk);
        var steps = Merge.Steps;
        for (int i = 0; i < steps.Count; i++)
        {
            var into = Part(chunk, steps[i].Into);
            TreeMerge.Add(into, Part(chunk, steps[i].From), i == steps.Count - 1 ? sum.Span : into);
        }

        if (steps.Count == 0) Part(chunk, 0).CopyTo(sum.Span);
        for (int node = 0; node < Nodes; node++)
        {
            _frames[chunk * Nodes + node]?.Dispose();
            _frames[chunk * Nodes + node] = null;
        }

        for (int i = 1; i < Replicas.Length; i++) Mesh.Lend(Replicas[(Self + i) % Replicas.Length], Key(FrameKind.ReducedChunk, chunk), sum, _work!);
        _work!.End();
    }

    private Span<float> Part(int chunk, int node) =>
        _frames[chunk * Nodes + node] is { } frame ? frame.Floats : Chunks.In(Own[node - Merge.PartsOf(Self).From], chunk).Span;

    /// <summary>Takes a replica's subtrees of the chunks that are this one's; the last one to come finds the chunk complete.</summary>
    private sealed class Subtrees(TreeAllReduce all, int replica) : IFrameSink
    {
        public void Take(FrameKey key, FrameBuffer frame)
        {
            int chunk = key.Part / all.Nodes, node = key.Part % all.Nodes;
            try
            {
                var (first, count) = all.Merge.PartsOf(replica);
                all.CheckChunk(key, chunk);
                if (chunk % all.Replicas.Length != all.Self || node < first || node >= first + count) throw new FrameException($"'{key}' is not this replica's, or not of that one's block.");
                Values(key, frame, all.Chunks.Of(chunk).Count);
                if (Interlocked.CompareExchange(ref all._frames[key.Part], frame, null) is not null) throw new FrameException($"Frame '{key}' came twice.");
            }
            catch
            {
                frame.Dispose();
                throw;
            }

            if (Interlocked.Decrement(ref all._missing[chunk]) == 0) all.MergeChunk(chunk);
        }
    }

    /// <summary>Takes the sums of the others' chunks.</summary>
    private sealed class Sums(TreeAllReduce all) : IFrameSink
    {
        public void Take(FrameKey key, FrameBuffer frame)
        {
            using (frame)
            {
                var sum = all.Chunks.In(all.Sum, all.CheckChunk(key, key.Part)).Span;
                Values(key, frame, sum.Length).CopyTo(sum);
            }

            all._work!.End();
        }
    }
}
