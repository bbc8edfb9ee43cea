using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>A holder of any number of layers that are all the same bytes, with hooks for what a test wants to go wrong.</summary>
internal sealed class StateHolder : IStateSource, IAsyncDisposable
{
    private readonly DataPlane _plane;
    private readonly IDisposable _serving;
    private readonly byte[][] _parts;
    private int _open;

    public StateHolder(string id, byte[] secret, byte[][] parts, MutualTls? tls = null)
    {
        _parts = parts;
        _plane = DataPlane.Listen(Options with { Tls = tls }, id, Log);
        _serving = _plane.ServeState("job", secret, this);
        Endpoint = new(id, "127.0.0.1", _plane.Port);
    }

    /// <summary>Small ranges and chunks: many of them without many bytes. A range is read in four pieces.</summary>
    public static DataPlaneOptions Options { get; } = new() { StateChunkBytes = 4096, StateRangeBytes = 256 << 10 };

    public PeerEndpoint Endpoint { get; }

    /// <summary>Layers that are held.</summary>
    public Func<int, bool> Holds { get; set; } = _ => true;

    /// <summary>Called before bytes are read: (part, offset, count).</summary>
    public Action<int, long, int> Reading { get; set; } = (_, _, _) => { };

    /// <summary>When layers are to be given back.</summary>
    public CancellationToken Recalled { get; set; }

    /// <summary>Bytes that were read.</summary>
    public long Read { get; private set; }

    /// <summary>How often a layer was opened.</summary>
    public int Openings { get; private set; }

    /// <summary>How many are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    public LogLines Log { get; } = new();

    public Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken)
    {
        if (version != 5 || !Holds(layer)) return Task.FromResult<StateStream?>(null);
        Openings++;
        Interlocked.Increment(ref _open);
        return Task.FromResult<StateStream?>(new StateStream([.. _parts.Select(p => (long)p.Length)], ReadPart, () => Interlocked.Decrement(ref _open)) { Recalled = Recalled });
    }

    public string DescribeHoldings() => "some layers at version 5";

    /// <summary>Waits until nothing is open.</summary>
    public void AwaitClosed() => Xunit.Assert.True(SpinWait.SpinUntil(() => Open == 0, Patience.Long), $"{Open} layers are still open.");

    public async ValueTask DisposeAsync()
    {
        _serving.Dispose();
        await _plane.DisposeAsync();
    }

    private ReadOnlyMemory<byte> ReadPart(int part, long offset, int count)
    {
        Reading(part, offset, count);
        Read += count;
        return _parts[part].AsMemory((int)offset, count);
    }
}
