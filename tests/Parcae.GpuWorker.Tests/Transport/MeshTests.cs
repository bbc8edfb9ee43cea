using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>What a mesh does, with and without TLS.</summary>
public abstract class MeshContract : IAsyncDisposable
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly MutualTls? _tls;
    private readonly DataPlane _a, _b;

    protected MeshContract(MutualTls? tls)
    {
        _tls = tls;
        (_a, _b) = (Listen("a"), Listen("b"));
    }

    [Fact]
    public void Frames_are_received_in_any_order()
    {
        var (a, b) = Connect();
        a.Send("b", new FrameKey(FrameKind.Activation, 3, 1), [1, 2, 3]);
        a.Send("b", new FrameKey(FrameKind.Activation, 3, 0), []);

        using var second = b.Receive("a", new FrameKey(FrameKind.Activation, 3, 0));
        using var first = b.Receive("a", new FrameKey(FrameKind.Activation, 3, 1));

        Assert.Equal(0, second.Length);
        Assert.Equal([1, 2, 3], first.Span.ToArray());
    }

    [Fact]
    public void A_frame_larger_than_the_sockets_buffers_arrives_whole()
    {
        var (a, b) = Connect();
        var payload = RandomNumberGenerator.GetBytes(20_000_000);
        a.Send("b", new FrameKey(FrameKind.VaultGradient, 0, 0), payload);
        using var frame = b.Receive("a", new FrameKey(FrameKind.VaultGradient, 0, 0));
        Assert.True(frame.Span.SequenceEqual(payload));
    }

    [Fact]
    public void A_wrong_secret_is_refused()
    {
        _a.OpenMesh("job", 1, _secret);
        using var mesh = _b.OpenMesh("job", 1, RandomNumberGenerator.GetBytes(32));
        var lost = Assert.Throws<PeerLostException>(() => mesh.Connect([new MeshPeer(At(_a))], CancellationToken.None));
        Assert.Contains("does not share the secret", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_generation_is_refused_with_both_numbers()
    {
        _a.OpenMesh("job", 5, _secret);
        var refused = Assert.Throws<HandshakeRefusedException>(() => _b.Dial(At(_a), ConnectionPurpose.Mesh, "job", 4, _secret, CancellationToken.None));
        Assert.Equal("a refused generation 4 of job job: it is at generation 5.", refused.Message);
    }

    [Fact]
    public async Task A_broken_connection_wakes_whoever_waits_for_anyone()
    {
        // b's end of the connection to a is the test's own, so that it can be cut without a farewell.
        await using var c = Listen("c");
        using var meshA = _a.OpenMesh("job", 1, _secret);
        using var meshB = _b.OpenMesh("job", 1, _secret);
        using var meshC = c.OpenMesh("job", 1, _secret);
        using var wire = _b.Dial(At(_a), ConnectionPurpose.Mesh, "job", 1, _secret, CancellationToken.None);
        await Task.WhenAll(
            Task.Run(() => meshC.Connect([new MeshPeer(At(_a))], CancellationToken.None)),
            Task.Run(() => meshA.Connect([new MeshPeer(At(_b)), new MeshPeer(At(c))], CancellationToken.None)));
        var waiting = Task.Run(() => meshA.Receive("c", new FrameKey(FrameKind.Activation, 0, 0)));

        wire.Dispose();

        var lost = await Assert.ThrowsAsync<PeerLostException>(() => waiting);
        Assert.Equal(("b", false), (lost.PeerInstanceId, lost.Refused));
    }

    [Fact]
    public async Task A_process_that_is_gone_is_told_from_a_broken_connection()
    {
        using var meshA = _a.OpenMesh("job", 1, _secret);
        var gone = Listen("gone");
        var endpoint = At(gone);
        gone.OpenMesh("job", 1, _secret);
        using var wire = gone.Dial(At(_a), ConnectionPurpose.Mesh, "job", 1, _secret, CancellationToken.None);
        meshA.Connect([new MeshPeer(endpoint)], CancellationToken.None);
        await gone.DisposeAsync();

        wire.Dispose();

        var lost = Assert.Throws<PeerLostException>(() => meshA.Receive("gone", new FrameKey(FrameKind.Activation, 0, 0)));
        Assert.True(lost.Refused);
    }

    [Fact]
    public void A_peer_that_halts_is_not_lost_and_what_it_sent_is_still_there()
    {
        var (a, b) = Connect();
        a.Send("b", new FrameKey(FrameKind.PipelineBarrier, 0, 0), [7]);
        a.Dispose();

        using var sent = b.Receive("a", new FrameKey(FrameKind.PipelineBarrier, 0, 0));
        Assert.Throws<PeerHaltedException>(() => b.Receive("a", new FrameKey(FrameKind.PipelineBarrier, 1, 0)));
    }

    [Fact]
    public void A_peer_that_halts_is_not_lost_though_its_end_of_the_other_connection_is_seen_first()
    {
        // What a sends is in the test's hands; where b sends to, a's mesh is gone already.
        var meshA = _a.OpenMesh("job", 1, _secret);
        using var meshB = _b.OpenMesh("job", 1, _secret);
        using var wire = _a.Dial(At(_b), ConnectionPurpose.Mesh, "job", 1, _secret, CancellationToken.None);
        meshB.Connect([new MeshPeer(At(_a))], CancellationToken.None);
        meshA.Dispose();
        for (int i = 0; i < 20; i++)
        {
            meshB.Send("a", new FrameKey(FrameKind.PipelineBarrier, i, 1), [1]);
            Thread.Sleep(5); // for the system to say that nobody listens
        }

        wire.Write(RawFrame.Of(new FrameKey(FrameKind.PipelineBarrier, 0, 0), 1, [7]));
        wire.Write(RawFrame.Of(new FrameKey(MeshSender.Farewell, 0, 0), 1, []));

        using (var sent = meshB.Receive("a", new FrameKey(FrameKind.PipelineBarrier, 0, 0))) Assert.Equal(7, sent.Span[0]);
        Assert.Throws<PeerHaltedException>(() => meshB.Receive("a", new FrameKey(FrameKind.PipelineBarrier, 1, 0)));
    }

    [Fact]
    public void Frames_to_a_lost_vault_are_dropped()
    {
        using var mesh = _a.OpenMesh("job", 1, _secret);
        mesh.Connect([new MeshPeer(new PeerEndpoint("vault", "127.0.0.1", FreePorts.Next()), Optional: true)], CancellationToken.None);
        mesh.Send("vault", new FrameKey(FrameKind.VaultStep, 0, 0), [1]);
    }

    [Fact]
    public async Task A_vault_that_does_not_read_is_cut_off_at_the_bound_and_nobody_waits_for_it()
    {
        await using var a = DataPlane.Listen(new DataPlaneOptions { SendQueueBytes = 1 << 20, SocketBufferBytes = 64 << 10, Tls = _tls }, "replica", NullLogger.Instance);
        using var stuck = new ManualResetEventSlim();
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var vault = _b.OpenMesh("job", 1, _secret);
        vault.OnFrame(FrameKind.VaultGradient, (_, _, frame) =>
        {
            stuck.Wait();
            frame.Dispose();
        });
        vault.OnEnd(peer => ended.TrySetResult(peer));
        using var mesh = a.OpenMesh("job", 1, _secret);
        mesh.Connect([new MeshPeer(At(_b), Optional: true)], CancellationToken.None);

        // More than both sockets' buffers and the queue take.
        var payload = new byte[1 << 20];
        for (int step = 0; step < 40; step++) mesh.Send("b", new FrameKey(FrameKind.VaultGradient, step, 0), payload);
        mesh.Check();

        stuck.Set();
        Assert.Equal("replica", await ended.Task.WaitAsync(Patience.Long, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(5000)]
    public void Random_bytes_close_the_connection_and_the_listener_lives(int length)
    {
        var random = new Random(length);
        for (int i = 0; i < 20; i++)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, _a.Port);
            var bytes = new byte[length];
            random.NextBytes(bytes);
            socket.Send(bytes);
            socket.Shutdown(SocketShutdown.Send);
            Assert.True(Ended(socket));
        }
        Connect();
    }

    [Fact]
    public void A_damaged_frame_ends_the_connection()
    {
        using var meshA = _a.OpenMesh("job", 1, _secret);
        _b.OpenMesh("job", 1, _secret);
        using var wire = _b.Dial(At(_a), ConnectionPurpose.Mesh, "job", 1, _secret, CancellationToken.None);
        meshA.Connect([new MeshPeer(At(_b))], CancellationToken.None);
        var frame = RawFrame.Of(new FrameKey(FrameKind.Activation, 0, 0), 1, new byte[4]);
        frame[^1] ^= 1;

        wire.Write(frame);

        var lost = Assert.Throws<PeerLostException>(() => meshA.Receive("b", new FrameKey(FrameKind.Activation, 0, 0)));
        Assert.Contains("checksum", lost.Reason, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    private DataPlane Listen(string id) => DataPlane.Listen(new DataPlaneOptions { Tls = _tls }, id, NullLogger.Instance);

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);

    private static bool Ended(Socket socket)
    {
        try
        {
            socket.ReceiveTimeout = (int)Patience.Long.TotalMilliseconds;
            return socket.Receive(new byte[256]) == 0;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionReset;
        }
    }

    private (Mesh A, Mesh B) Connect()
    {
        var (a, b) = (_a.OpenMesh("pair", 1, _secret), _b.OpenMesh("pair", 1, _secret));
        Task.WaitAll(
            Task.Run(() => a.Connect([new MeshPeer(At(_b))], CancellationToken.None)),
            Task.Run(() => b.Connect([new MeshPeer(At(_a))], CancellationToken.None)));
        return (a, b);
    }
}

public sealed class MeshTests() : MeshContract(null);

public sealed class MeshOverTlsTests() : MeshContract(TestAuthority.Shared.Member());
