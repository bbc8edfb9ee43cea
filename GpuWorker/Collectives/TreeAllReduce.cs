using System.Runtime.InteropServices;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives;

/// <summary>
/// All-reduce over the replicas of a stage in the fixed summation tree: bit-equal to the sum that one process would make. Each replica owns a shard of the flat
/// vector, gets everybody's subtrees of it, merges them in tree order, and hands the sum to all: every byte crosses the wire (D-1)/D times each way
/// (times the number of subtrees of a block, one when D divides M in powers of two).
/// </summary>
internal sealed class TreeAllReduce
{
    private readonly Mesh _mesh;
    private readonly string[] _replicas;
    private readonly int _self;
    private readonly TreeMerge _merge;
    private float[] _incoming = [];
    private byte[] _outgoing = [];

    /// <summary>Prepares an all-reduce.</summary>
    /// <param name="mesh">Connects the replicas.</param>
    /// <param name="replicas">Instance ids of the stage's replicas, by pipeline.</param>
    /// <param name="self">Which of them this is.</param>
    /// <param name="microBatches">M.</param>
    public TreeAllReduce(Mesh mesh, string[] replicas, int self, int microBatches)
    {
        (_mesh, _replicas, _self) = (mesh, replicas, self);
        _merge = new TreeMerge(microBatches, replicas.Length);
    }

    /// <summary>Sums.</summary>
    /// <param name="step">The step, which names the frames.</param>
    /// <param name="bucket">Which of the step's sums, which names the frames too.</param>
    /// <param name="own">The subtrees of this replica's block, all of the destination's length; spoilt afterwards.</param>
    /// <param name="sum">Receives the sum over all micro-batches.</param>
    /// <exception cref="MeshBrokenException">A replica is lost.</exception>
    public void Run(int step, int bucket, IReadOnlyList<Memory<float>> own, Memory<float> sum)
    {
        if (own.Count != _merge.PartsOf(_self).Count) throw new ArgumentException($"This replica's block has {_merge.PartsOf(_self).Count} subtrees, {own.Count} were given.", nameof(own));
        for (int owner = 0; owner < _replicas.Length; owner++)
        {
            if (owner != _self) SendParts(step, bucket, owner, own, sum.Length);
        }
        MergeShard(step, bucket, own, sum);
        for (int owner = 0; owner < _replicas.Length; owner++)
        {
            if (owner != _self) ReceiveShard(step, bucket, owner, sum);
        }
    }

    private (int From, int Count) Shard(int owner, int length)
    {
        int from = (int)((long)length * owner / _replicas.Length), to = (int)((long)length * (owner + 1) / _replicas.Length);
        return (from, to - from);
    }

    private void SendParts(int step, int bucket, int owner, IReadOnlyList<Memory<float>> own, int length)
    {
        var (from, count) = Shard(owner, length);
        int bytes = count * sizeof(float);
        if (_outgoing.Length < bytes * own.Count) _outgoing = new byte[bytes * own.Count];
        for (int part = 0; part < own.Count; part++)
            MemoryMarshal.AsBytes(own[part].Span.Slice(from, count)).CopyTo(_outgoing.AsSpan(part * bytes));
        _mesh.Send(_replicas[owner], new FrameKey(FrameKind.ReduceChunk, step, bucket * _replicas.Length + owner), _outgoing.AsSpan(0, bytes * own.Count));
    }

    private void MergeShard(int step, int bucket, IReadOnlyList<Memory<float>> own, Memory<float> sum)
    {
        var (from, count) = Shard(_self, sum.Length);
        var parts = new Memory<float>[_merge.Nodes.Count];
        if (_incoming.Length < count * parts.Length) _incoming = new float[count * parts.Length];
        for (int replica = 0; replica < _replicas.Length; replica++)
        {
            var (first, number) = _merge.PartsOf(replica);
            if (replica == _self)
            {
                for (int part = 0; part < number; part++) parts[first + part] = own[part].Slice(from, count);
                continue;
            }
            using var frame = _mesh.Receive(_replicas[replica], new FrameKey(FrameKind.ReduceChunk, step, bucket * _replicas.Length + _self));
            if (frame.Floats.Length != number * count) throw new InvalidDataException($"{_replicas[replica]} sent {frame.Floats.Length} values of {number} subtrees of {count}.");
            for (int part = 0; part < number; part++)
            {
                parts[first + part] = _incoming.AsMemory((first + part) * count, count);
                frame.Floats.Slice(part * count, count).CopyTo(parts[first + part].Span);
            }
        }
        _merge.SumInPlace(parts);
        parts[0].CopyTo(sum.Slice(from, count));
        var bytes = MemoryMarshal.AsBytes(sum.Span.Slice(from, count));
        for (int replica = 0; replica < _replicas.Length; replica++)
        {
            if (replica != _self) _mesh.Send(_replicas[replica], new FrameKey(FrameKind.ReducedChunk, step, bucket * _replicas.Length + _self), bytes);
        }
    }

    private void ReceiveShard(int step, int bucket, int owner, Memory<float> sum)
    {
        var (from, count) = Shard(owner, sum.Length);
        using var frame = _mesh.Receive(_replicas[owner], new FrameKey(FrameKind.ReducedChunk, step, bucket * _replicas.Length + owner));
        if (frame.Floats.Length != count) throw new InvalidDataException($"{_replicas[owner]} sent {frame.Floats.Length} sums where {count} were due.");
        frame.Floats.CopyTo(sum.Span[from..]);
    }
}
