using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>What a holder answers, with and without TLS.</summary>
public abstract class StateServerContract : IAsyncDisposable
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly byte[][] _parts = [RandomNumberGenerator.GetBytes(100_000), RandomNumberGenerator.GetBytes(1_000)];
    private readonly MutualTls? _tls;
    private readonly DataPlane _plane;
    private readonly StateHolder _holder;

    protected StateServerContract(MutualTls? tls)
    {
        _tls = tls;
        _plane = DataPlane.Listen(StateHolder.Options with { Tls = tls }, "target", NullLogger.Instance);
        _holder = new("holder", _secret, _parts, tls);
    }

    [Fact]
    public void Any_range_of_a_layer_can_be_had()
    {
        using var client = Connect();
        byte[] whole = [.. _parts.SelectMany(p => p)];
        foreach (var (offset, length) in new[] { (0, 0), (0, 1), (99_999, 2), (100_000, 1_000), (4_095, 70_001), (101_000, 0), (0, 101_000) })
        {
            var parts = _parts.Select(p => new byte[p.Length]).ToArray();
            var request = new StateRequest(0, 5, offset, length);
            Receive(client, request, parts, asked: false);
            Assert.True(parts.SelectMany(p => p).Skip(offset).Take(length).SequenceEqual(whole[offset..(offset + length)]));
        }
    }

    [Fact]
    public void A_layer_stays_open_for_requests_that_are_there_already_and_is_given_back_while_the_connection_is_idle()
    {
        using var client = Connect();
        StateRequest[] requests = [new(0, 5, 0, 50_000), new(0, 5, 50_000, 51_000), new(0, 5, 0, 10), new(1, 5, 0, 101_000)];
        foreach (var request in requests) client.Ask(request);
        foreach (var request in requests) Receive(client, request, [.. _parts.Select(p => new byte[p.Length])], asked: true);

        _holder.AwaitClosed();
        Assert.Equal(2, _holder.Openings);
    }

    [Fact]
    public void Half_a_request_does_not_keep_a_layer_open()
    {
        using var wire = Dial();
        var request = new byte[StateRequest.Size];
        new StateRequest(0, 5, 0, 0).Write(request);
        wire.Write(request);
        wire.Write(request.AsSpan(0, 3));
        Assert.True(wire.Read(new byte[8]));

        _holder.AwaitClosed();
        wire.Write(request.AsSpan(3));
        Assert.True(wire.Read(new byte[8]));
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_is_cut_off_when_the_layer_is_recalled()
    {
        using var recall = new CancellationTokenSource();
        await using var large = new StateHolder("holder", _secret, [new byte[64 << 20]], _tls) { Recalled = recall.Token };
        using var wire = _plane.Dial(large.Endpoint, ConnectionPurpose.State, "job", 1, _secret, CancellationToken.None);
        var request = new byte[StateRequest.Size];
        new StateRequest(0, 5, 0, 64 << 20).Write(request);
        wire.Write(request);
        Assert.True(wire.Read(new byte[8]));
        Assert.Equal(1, large.Open);

        await recall.CancelAsync();

        large.AwaitClosed();
        large.Log.Await("a state transfer to target ended early");
    }

    [Theory]
    [InlineData(0, 5, -1L, 10L, "-1")]
    [InlineData(0, 5, 0L, -1L, "-1")]
    [InlineData(-1, 5, 0L, 10L, "-1")]
    [InlineData(0, -5, 0L, 10L, "-5")]
    [InlineData(0, 5, long.MinValue, long.MinValue, "-9223372036854775808")]
    [InlineData(0, 5, 0L, 101_001L, "the layer has 101000 bytes")]
    [InlineData(0, 5, 101_001L, 0L, "the layer has 101000 bytes")]
    [InlineData(0, 5, 1L, long.MaxValue, "the layer has 101000 bytes")]
    [InlineData(0, 5, long.MaxValue, long.MaxValue, "the layer has 101000 bytes")]
    public void What_cannot_be_asked_for_closes_the_connection_and_nothing_else(int layer, int version, long offset, long length, string logged)
    {
        using var wire = Dial();
        var request = new byte[StateRequest.Size];
        new StateRequest(layer, version, offset, length).Write(request);
        wire.Write(request);

        AssertClosed(wire);
        _holder.Log.Await(logged);
        AssertServes();
    }

    [Fact]
    public void Random_and_truncated_requests_close_the_connection_or_are_refused()
    {
        var random = new Random(3);
        var bytes = new byte[StateRequest.Size];
        for (int i = 0; i < 40; i++)
        {
            using var wire = Dial();
            random.NextBytes(bytes);
            wire.Write(bytes.AsSpan(0, random.Next(1, StateRequest.Size + 1)));
            wire.Shutdown(SocketShutdown.Send);
            AssertClosed(wire);
        }

        _holder.Log.Await("of 24 bytes");
        _holder.Log.Await("none of the numbers may be negative");
        AssertServes();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _holder.DisposeAsync();
        await _plane.DisposeAsync();
    }

    private StateClient Connect() => StateClient.Connect(_plane, _holder.Endpoint, "job", 1, _secret, CancellationToken.None);

    private Wire Dial() => _plane.Dial(_holder.Endpoint, ConnectionPurpose.State, "job", 1, _secret, CancellationToken.None);

    private static void Receive(StateClient client, StateRequest request, byte[][] parts, bool asked)
    {
        var target = new MemoryStateTarget([.. parts.Select(p => p.AsMemory())]);
        if (!asked) client.Ask(request);
        client.ReceiveHead(request, target);
        client.ReceiveBytes(request, target);
    }

    /// <summary>Reads to the end.</summary>
    private static void AssertClosed(Wire wire)
    {
        var one = new byte[1];
        int read = 0;
        try
        {
            while (wire.Read(one, Deadline.In(Patience.Long))) read++;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // That too is an end.
        }

        Assert.InRange(read, 0, 200);
    }

    private void AssertServes()
    {
        var parts = _parts.Select(p => new byte[p.Length]).ToArray();
        using var client = Connect();
        client.Fetch(0, 5, [.. parts.Select(p => p.AsMemory())]);
        Assert.All(parts, (part, i) => Assert.True(part.AsSpan().SequenceEqual(_parts[i])));
        _holder.AwaitClosed();
    }
}

public sealed class StateServerTests() : StateServerContract(null);

public sealed class StateServerOverTlsTests() : StateServerContract(TestAuthority.Shared.Member());
