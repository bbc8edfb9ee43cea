using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>How layers are given, with and without TLS.</summary>
public abstract class StateTransferContract(MutualTls? tls) : IStateSource
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[][] _parts = [RandomNumberGenerator.GetBytes(3_000_000), [], RandomNumberGenerator.GetBytes(17)];
    private int _closed;

    [Fact]
    public async Task Layers_arrive_as_they_were_sent_and_are_given_back()
    {
        await using var holder = Listen("holder");
        await using var receiver = Listen("receiver");
        using var serving = holder.ServeState("job", _secret, this);
        var received = _parts.Select(p => new byte[p.Length]).ToArray();
        using (var client = StateClient.Connect(receiver, At(holder), "job", 1, _secret, CancellationToken.None))
        {
            for (int layer = 0; layer < 3; layer++)
            {
                Assert.Equal(_parts.Sum(p => p.Length), client.Fetch(layer, 5, [.. received.Select(r => r.AsMemory())]));
                Assert.Equal(_parts, received);
                Array.ForEach(received, Array.Clear);
            }
        }
        await holder.DisposeAsync();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref _closed) == 3, Patience.Long));
    }

    [Fact]
    public async Task A_holder_of_another_version_says_what_it_holds()
    {
        await using var holder = Listen("holder");
        await using var receiver = Listen("receiver");
        using var serving = holder.ServeState("job", _secret, this);
        using var client = StateClient.Connect(receiver, At(holder), "job", 1, _secret, CancellationToken.None);
        var missing = Assert.Throws<StateNotHeldException>(() => client.Fetch(0, 4, []));
        Assert.Equal("holder does not hold layer 0 at version 4; it holds everything at version 5.", missing.Message);
        // The connection is still good.
        Assert.Throws<InvalidDataException>(() => client.Fetch(0, 5, [new byte[1]]));
    }

    [Fact]
    public async Task A_stranger_gets_nothing()
    {
        await using var holder = Listen("holder");
        await using var receiver = Listen("receiver");
        using var serving = holder.ServeState("job", _secret, this);
        Assert.Throws<HandshakeRefusedException>(() => StateClient.Connect(receiver, At(holder), "job", 1, new byte[32], CancellationToken.None));
        Assert.Throws<HandshakeRefusedException>(() => StateClient.Connect(receiver, At(holder), "another", 1, _secret, CancellationToken.None));
    }

    public Task<StateStream?> OpenAsync(int layer, int version, CancellationToken cancellationToken) =>
        Task.FromResult(version == 5 ? new StateStream([.. _parts.Select(p => (ReadOnlyMemory<byte>)p)], () => Interlocked.Increment(ref _closed)) : null);

    public string DescribeHoldings() => "everything at version 5";

    private DataPlane Listen(string id) => DataPlane.Listen(new DataPlaneOptions { Tls = tls }, id, NullLogger.Instance);

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);
}

public sealed class StateTransferTests() : StateTransferContract(null);

public sealed class StateTransferOverTlsTests() : StateTransferContract(TestAuthority.Shared.Member());
