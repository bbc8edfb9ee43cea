using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Collectives;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Collectives;

/// <summary>The replicas of a stage in one process: a data plane and a connected mesh each, over real sockets.</summary>
internal sealed class ReplicaGroup : IAsyncDisposable
{
    private readonly DataPlane[] _planes;

    public ReplicaGroup(int replicas, DataPlaneOptions? options = null)
    {
        Ids = [.. Enumerable.Range(0, replicas).Select(i => $"i-{i}")];
        var secret = RandomNumberGenerator.GetBytes(32);
        _planes = [.. Ids.Select(id => DataPlane.Listen(options ?? new DataPlaneOptions(), id, NullLogger.Instance))];
        Meshes = [.. _planes.Select(p => p.OpenMesh("job", 1, secret))];
        Each(self => Meshes[self].Connect([.. _planes.Where(p => p != _planes[self]).Select(p => new MeshPeer(new PeerEndpoint(p.InstanceId, "127.0.0.1", p.Port)))], CancellationToken.None)).GetAwaiter().GetResult();
    }

    public string[] Ids { get; }

    public Mesh[] Meshes { get; }

    /// <summary>Runs every replica's part on a thread of its own. One that fails closes its mesh, so that nobody waits for it; what it threw comes first.</summary>
    public async Task Each(Action<int> part)
    {
        Exception? first = null;
        await Task.WhenAll(Enumerable.Range(0, Ids.Length).Select(self => Task.Factory.StartNew(() => Run(self), TaskCreationOptions.LongRunning)));
        if (first is not null) ExceptionDispatchInfo.Throw(first);

        void Run(int self)
        {
            try
            {
                part(self);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref first, e, null);
                Meshes[self].Dispose();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var plane in _planes) await plane.DisposeAsync();
    }
}

/// <summary>Gradients of micro-batches, and their sums by the definition of the tree.</summary>
internal sealed class TreeExample
{
    private readonly float[][] _gradients;

    public TreeExample(int microBatches, int length, int seed)
    {
        var random = new Random(seed);
        _gradients = [.. Enumerable.Range(0, microBatches).Select(_ => Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray())];
        Total = Of(TreeNode.Root(microBatches));
    }

    /// <summary>The sum that one process would make.</summary>
    public float[] Total { get; }

    /// <summary>What a replica begins with: fresh copies of its block's subtrees.</summary>
    public float[][] Own(int replicas, int self)
    {
        var (from, to) = GenerationPlan.Block(_gradients.Length, replicas, self);
        return [.. TreeNode.Maximal(from, to, _gradients.Length).Select(Of)];
    }

    private float[] Of(TreeNode node)
    {
        if (node.Level == 0) return [.. _gradients[node.Index]];
        var left = Of(node.Left);
        return node.Right.Exists(_gradients.Length) ? [.. left.Zip(Of(node.Right), (a, b) => a + b)] : left;
    }
}
