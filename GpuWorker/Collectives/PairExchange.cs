using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// The shortcut for two replicas with at most one sum each: they give each other the whole vector and both add, left to right. The same bytes cross the wire as with a
/// shard for each, in one phase in place of two.
/// </summary>
internal sealed class PairExchange(Mesh mesh, string peer) : IFrameSink
{
    private MeshWork? _work;
    private Memory<float>? _own;
    private Memory<float> _sum;
    private ChunkLayout _chunks;
    private bool _isLeft;

    /// <summary>Begins.</summary>
    /// <param name="key">Names the frames.</param>
    /// <param name="own">This replica's sum, if it has one.</param>
    /// <param name="peerHasOne">Whether the other one has.</param>
    /// <param name="isLeft">Whether this one's comes first.</param>
    /// <param name="sum">Receives the sum.</param>
    /// <param name="chunks">How they are cut.</param>
    /// <param name="work">Counts what is to be waited for.</param>
    public void Begin(FrameKey key, Memory<float>? own, bool peerHasOne, bool isLeft, Memory<float> sum, ChunkLayout chunks, MeshWork work)
    {
        (_work, _own, _sum, _chunks, _isLeft) = (work, own, sum, chunks, isLeft);
        if (peerHasOne)
        {
            work.Begin(chunks.Count);
            mesh.Expect(peer, key, chunks.Count, this, work);
        }
        else
        {
            own!.Value.CopyTo(sum);
        }

        if (own is not { } vector) return;
        for (int chunk = 0; chunk < chunks.Count; chunk++) mesh.Lend(peer, key with { Part = chunk }, chunks.In(vector, chunk), work);
    }

    /// <inheritdoc/>
    public void Take(FrameKey key, FrameBuffer frame)
    {
        using (frame)
        {
            if ((uint)key.Part >= (uint)_chunks.Count) throw new FrameException($"'{key}' is none of {_chunks.Count} chunks.");
            var sum = _chunks.In(_sum, key.Part).Span;
            if (frame.Length != sum.Length * sizeof(float)) throw new FrameException($"'{key}' has {frame.Length} bytes where {sum.Length * sizeof(float)} were due.");
            if (_own is not { } vector) frame.Floats.CopyTo(sum);
            else if (_isLeft) TreeMerge.Add(_chunks.In(vector, key.Part).Span, frame.Floats, sum);
            else TreeMerge.Add(frame.Floats, _chunks.In(vector, key.Part).Span, sum);
        }

        _work!.End();
    }

    /// <summary>Lets go of the vectors.</summary>
    public void End() => (_work, _own, _sum) = (null, null, default);
}
