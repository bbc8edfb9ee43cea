using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Bytes that no peer would send, before, in and after the handshake: the connection ends with a line in the log, nothing altered gets through, and the instance lives.</summary>
public sealed class DataPlaneFuzzTests : IAsyncDisposable
{
    private const int Rounds = 150, Frames = 3;
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly LogLines _log = new();
    private readonly DataPlane _a, _b;

    public DataPlaneFuzzTests()
    {
        var options = new DataPlaneOptions { HandshakeTimeout = TimeSpan.FromSeconds(5), HeartbeatTimeout = TimeSpan.FromSeconds(5), ProbeTimeout = TimeSpan.FromMilliseconds(5), MaxFrameBytes = 4096, StateChunkBytes = 4096 };
        (_a, _b) = (DataPlane.Listen(options, "a", _log), DataPlane.Listen(options, "b", _log));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_hello_that_was_changed_or_cut_short_opens_nothing(int seed)
    {
        byte[] hello = RecordHello();
        using var mesh = _a.OpenMesh("job", 1, _secret);
        var random = new Random(seed);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] bytes = Mutation.Of(hello, random, lengthAt: 4);
            int before = _log.Count;
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, _a.Port);
            socket.Send(bytes);
            try
            {
                // What is well formed is answered with a challenge, to which a replayed hello has no answer.
                if (random.Next(2) == 0) socket.Send(RandomNumberGenerator.GetBytes(random.Next(1, 64)));
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown or SocketError.NotConnected)
            {
                // It was closed already.
            }

            AwaitEnd(socket);
            _log.Await(before, $"round {i}: {Convert.ToHexString(bytes)}");
        }

        AssertPeersCanMeet();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Frames_that_were_changed_or_cut_short_never_arrive_as_others(int seed)
    {
        var random = new Random(seed);
        for (int i = 1; i <= Rounds; i++)
        {
            using var mesh = _a.OpenMesh("job", i, _secret);
            using var other = _b.OpenMesh("job", i, _secret);
            using var wire = _b.Dial(At(_a), ConnectionPurpose.Mesh, "job", i, _secret, CancellationToken.None);
            mesh.Connect([new MeshPeer(At(_b))], CancellationToken.None);
            byte[][] payloads = [.. Enumerable.Range(0, Frames).Select(_ => RandomNumberGenerator.GetBytes(random.Next(0, 300)))];
            byte[] sent = [.. payloads.SelectMany((p, n) => RawFrame.Of(Key(n), i, p))];
            byte[] changed = Mutation.Of(sent, random, lengthAt: 24);
            int before = _log.Count;

            wire.Write(changed);
            wire.Shutdown(SocketShutdown.Send);

            for (int n = 0; n < Frames; n++)
            {
                try
                {
                    using var frame = mesh.Receive("b", Key(n));
                    Assert.True(frame.Span.SequenceEqual(payloads[n]), $"seed {seed}, round {i}: frame {n} is not what was sent");
                }
                catch (PeerLostException)
                {
                    break;
                }
            }

            Assert.Throws<PeerLostException>(() => mesh.Receive("b", Key(Frames)));
            _log.Await(before, $"round {i}");
        }

        AssertPeersCanMeet();
    }

    [Fact]
    public async Task A_frame_that_is_too_long_or_of_another_generation_or_from_nobody_in_the_plan_ends_its_connection()
    {
        using var mesh = _a.OpenMesh("job", 5, _secret);
        await Refused("stranger", RawFrame.Of(Key(0), 5, new byte[5000]), "A frame of 5000 bytes exceeds the maximum of 4096.");
        await Refused("stranger", RawFrame.Of(Key(0), 6, [1]), "A frame of generation 6 came over a connection of generation 5.");
        var unknown = Assert.Throws<HandshakeRefusedException>(() => _b.Dial(At(_a), ConnectionPurpose.Mesh, "job", 6, _secret, CancellationToken.None));
        Assert.Equal(HandshakeRefusal.UnknownGeneration, unknown.Refusal);
        AssertPeersCanMeet();

        async Task Refused(string from, byte[] bytes, string reason)
        {
            await using var plane = DataPlane.Listen(_a.Options, from, _log);
            using var wire = plane.Dial(At(_a), ConnectionPurpose.Mesh, "job", 5, _secret, CancellationToken.None);
            wire.Write(bytes);
            _log.Await($"{from} was closed: {reason}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    private static FrameKey Key(int number) => new(FrameKind.Activation, number, 0);

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);

    private static void AwaitEnd(Socket socket)
    {
        socket.ReceiveTimeout = (int)Patience.Long.TotalMilliseconds;
        var buffer = new byte[256];
        try
        {
            while (socket.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // That too is an end.
        }
    }

    /// <summary>The first thing that a dialer says, as a listener that never answers gets it.</summary>
    private byte[] RecordHello()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dialing = Task.Run(() => _b.Dial(new PeerEndpoint("a", "127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port), ConnectionPurpose.Mesh, "job", 1, _secret, CancellationToken.None));
        using var socket = listener.AcceptSocket();
        var buffer = new byte[4096];
        int read = socket.Receive(buffer);
        socket.Close();
        Assert.ThrowsAny<Exception>(() => dialing.GetAwaiter().GetResult());
        return buffer[..read];
    }

    private void AssertPeersCanMeet()
    {
        using var a = _a.OpenMesh("pair", 1, _secret);
        using var b = _b.OpenMesh("pair", 1, _secret);
        Task.WaitAll(Task.Run(() => a.Connect([new MeshPeer(At(_b))], CancellationToken.None)), Task.Run(() => b.Connect([new MeshPeer(At(_a))], CancellationToken.None)));
        a.Send("b", Key(0), [7]);
        using var frame = b.Receive("a", Key(0));
        Assert.Equal(7, frame.Span[0]);
    }
}
