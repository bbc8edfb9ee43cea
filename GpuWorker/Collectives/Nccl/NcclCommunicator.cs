using System.Diagnostics;
using Parcae.GpuWorker.Transport;

namespace Parcae.GpuWorker.Collectives.Nccl;

/// <summary>
/// A NCCL communicator among the replicas of a stage, tied to their mesh: NCCL by itself waits for ever for a peer that died, so whatever waits here also watches
/// the mesh, and aborts the communicator when that breaks.
/// </summary>
internal sealed class NcclCommunicator : IDisposable
{
    /// <summary>NCCL may hear of a dead peer before the mesh does; the mesh is given this long to say who it was.</summary>
    private static readonly TimeSpan MeshLag = TimeSpan.FromSeconds(1);

    private static readonly FrameKey IdKey = new(FrameKind.CollectiveId, 0, 0);

    private readonly NcclLibrary _nccl;
    private readonly Mesh _mesh;
    private readonly string[] _replicas;
    private readonly int _self;
    private readonly CudaStream _stream;
    private nint _handle;

    /// <summary>Joins: the first replica makes the id and sends it to the others.</summary>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted.</exception>
    /// <exception cref="NcclException">NCCL refuses.</exception>
    public NcclCommunicator(NcclRuntime runtime, Mesh mesh, string[] replicas, int self, int device)
    {
        (_nccl, _mesh, _replicas, _self) = (runtime.Nccl, mesh, replicas, self);
        _stream = runtime.Cuda.OpenStream(device);
        try
        {
            _handle = Join(ShareId());
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    private IEnumerable<string> Peers => _replicas.Where((_, i) => i != _self);

    /// <summary>Carries out what <paramref name="operations"/> gives to NCCL as one group, after what Torch has been told to compute, and blocks until it is done.</summary>
    /// <param name="operations">Gets the communicator and the stream.</param>
    /// <exception cref="MeshBrokenException">A replica is lost or has halted.</exception>
    /// <exception cref="NcclException">NCCL refuses or failed.</exception>
    public void Run(Action<nint, nint> operations)
    {
        ObjectDisposedException.ThrowIf(_handle == 0, this);
        try
        {
            _stream.Enter();
            _stream.FollowTorch();
            _nccl.GroupStart();
            try
            {
                operations(_handle, _stream.Handle);
            }
            finally
            {
                _nccl.GroupEnd();
            }

            var spin = default(SpinWait);
            while (!_stream.IsDone)
            {
                _nccl.CheckAsync(_handle);
                _mesh.ThrowIfBroken(Peers);
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
        catch (NcclException)
        {
            Abort();
            ThrowIfMeshBreaks();
            throw;
        }
        catch
        {
            Abort();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0)
        {
            _stream.Enter();
            _nccl.Destroy(handle);
        }

        _stream.Dispose();
    }

    private void Abort()
    {
        nint handle = Interlocked.Exchange(ref _handle, 0);
        if (handle != 0) _nccl.Abort(handle);
    }

    private NcclUniqueId ShareId()
    {
        NcclUniqueId id;
        if (_self == 0)
        {
            _stream.Enter();
            id = _nccl.GetUniqueId();
            foreach (string peer in Peers) _mesh.Send(peer, IdKey, NcclUniqueId.BytesOf(ref id));
            return id;
        }

        id = default;
        using var frame = _mesh.Receive(_replicas[0], IdKey);
        if (frame.Length != NcclUniqueId.Size) throw new InvalidDataException($"'{IdKey}' from {_replicas[0]} has {frame.Length} bytes, {NcclUniqueId.Size} were expected.");
        frame.Span.CopyTo(NcclUniqueId.BytesOf(ref id));
        return id;
    }

    /// <summary>Joining blocks until every rank has joined, and cannot be called off: it has a thread of its own, which is left to itself when a peer is lost meanwhile.</summary>
    private nint Join(NcclUniqueId id)
    {
        var joining = Task.Factory.StartNew(
            () =>
            {
                _stream.Enter();
                return _nccl.InitRank(_replicas.Length, id, _self);
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            while (Task.WaitAny([joining], 1) != 0) _mesh.ThrowIfBroken(Peers);
            return joining.GetAwaiter().GetResult();
        }
        catch (NcclException)
        {
            ThrowIfMeshBreaks();
            throw;
        }
        catch
        {
            joining.ContinueWith(joined => _nccl.Abort(joined.Result), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            joining.ContinueWith(failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private void ThrowIfMeshBreaks()
    {
        for (var lag = Stopwatch.StartNew(); lag.Elapsed < MeshLag; Thread.Sleep(10)) _mesh.ThrowIfBroken(Peers);
    }
}
