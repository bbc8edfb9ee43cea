using System.Runtime.InteropServices;
using Parcae.GpuWorker.Models;
using Parcae.GpuWorker.Transport;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>
/// All-reduce between GPUs by NCCL. Deterministic: replicas send each other shards of their subtrees, each merges its own shard in tree order on its device, and
/// the sums are sent to all, bit-equal to the tree over sockets. Otherwise NCCL's own all-reduce over each replica's sum.
/// </summary>
internal sealed partial class NcclAllReduce : IAllReduce
{
    private readonly NcclLibrary _nccl;
    private readonly NcclCommunicator _communicator;
    private readonly TreeMerge _merge;
    private readonly int _replicas;
    private readonly int _self;
    private readonly bool _deterministic;
    private Tensor? _incoming;

    /// <summary>Joins the replicas' communicator.</summary>
    /// <param name="runtime">NCCL.</param>
    /// <param name="mesh">Connects the replicas; tells who is lost.</param>
    /// <param name="replicas">Instance ids of the stage's replicas, by pipeline.</param>
    /// <param name="self">Which of them this is.</param>
    /// <param name="microBatches">M.</param>
    /// <param name="device">CUDA device number.</param>
    /// <param name="deterministic">Whether to sum in the fixed tree.</param>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted.</exception>
    /// <exception cref="NcclException">NCCL refuses.</exception>
    public NcclAllReduce(NcclRuntime runtime, Mesh mesh, string[] replicas, int self, int microBatches, int device, bool deterministic)
    {
        (_nccl, _replicas, _self, _deterministic) = (runtime.Nccl, replicas.Length, self, deterministic);
        _merge = new TreeMerge(microBatches, replicas.Length);
        _communicator = new NcclCommunicator(runtime, mesh, replicas, self, device);
    }

    /// <inheritdoc/>
    public void Run(int step, int bucket, IReadOnlyList<Tensor> own, Tensor sum)
    {
        if (own.Count != _merge.PartsOf(_self).Count) throw new ArgumentException($"This replica's block has {_merge.PartsOf(_self).Count} subtrees, {own.Count} were given.", nameof(own));
        foreach (var part in own) CheckFlat(part, sum);
        CheckFlat(sum, sum);
        using var scope = NewDisposeScope();
        if (_deterministic) RunTree(own, sum);
        else RunPlain(own, sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _communicator.Dispose();
        _incoming?.Dispose();
    }

    private void RunPlain(IReadOnlyList<Tensor> own, Tensor sum)
    {
        for (int part = 1; part < own.Count; part++) own[0].PlusInPlace(own[part]).DetachFromDisposeScope();
        if (own.Count == 0) sum.zero_().DetachFromDisposeScope();
        nint from = Pointer(own.Count > 0 ? own[0] : sum), to = Pointer(sum);
        long count = sum.numel();
        _communicator.Run((communicator, stream) => _nccl.AllReduce(from, to, count, communicator, stream));
    }

    private void RunTree(IReadOnlyList<Tensor> own, Tensor sum)
    {
        long length = sum.numel();
        var (first, count) = _merge.PartsOf(_self);
        var (from, mine) = Shard(_self, length);
        var parts = new Tensor[_merge.Nodes.Count];
        if (_incoming is null || _incoming.numel() < mine * parts.Length)
        {
            _incoming?.Dispose();
            _incoming = empty(mine * parts.Length, device: sum.device).DetachFromDisposeScope();
        }

        for (int node = 0; node < parts.Length; node++)
            parts[node] = node >= first && node < first + count ? own[node - first].narrow(0, from, mine) : _incoming.narrow(0, node * mine, mine);

        _communicator.Run((communicator, stream) => Others(peer =>
        {
            var (start, shard) = Shard(peer, length);
            for (int part = 0; part < count && shard > 0; part++) _nccl.Send(Pointer(own[part]) + (nint)(start * sizeof(float)), shard, peer, communicator, stream);
            var (theirs, number) = _merge.PartsOf(peer);
            for (int part = 0; part < number && mine > 0; part++) _nccl.Receive(Pointer(parts[theirs + part]), mine, peer, communicator, stream);
        }));

        foreach (var (into, other) in _merge.Steps) parts[into].PlusInPlace(parts[other]);
        sum.narrow(0, from, mine).copy_(parts[0]);

        nint result = Pointer(sum);
        _communicator.Run((communicator, stream) => Others(peer =>
        {
            if (mine > 0) _nccl.Send(result + (nint)(from * sizeof(float)), mine, peer, communicator, stream);
            var (start, shard) = Shard(peer, length);
            if (shard > 0) _nccl.Receive(result + (nint)(start * sizeof(float)), shard, peer, communicator, stream);
        }));
    }

    private void Others(Action<int> of)
    {
        for (int i = 1; i < _replicas; i++) of((_self + i) % _replicas);
    }

    private (long From, long Count) Shard(int owner, long length)
    {
        long from = length * owner / _replicas, to = length * (owner + 1) / _replicas;
        return (from, to - from);
    }

    private static void CheckFlat(Tensor tensor, Tensor sum)
    {
        if (tensor.dtype != ScalarType.Float32 || !tensor.is_contiguous() || tensor.numel() != sum.numel() || tensor.device.ToString() != sum.device.ToString())
            throw new ArgumentException($"NCCL sums contiguous float32 tensors of one length on one device; one is {tensor.dtype} [{string.Join(", ", tensor.shape)}] on {tensor.device}, the sum [{string.Join(", ", sum.shape)}] on {sum.device}.");
    }

    private static nint Pointer(Tensor tensor) => DataPointer(tensor.Handle);

    // TorchSharp gives the address of a CPU tensor's data alone; its native half gives any device's.
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint DataPointer(nint tensor);
}
