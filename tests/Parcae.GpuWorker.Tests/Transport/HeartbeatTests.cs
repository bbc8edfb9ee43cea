using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Signs of life, with and without TLS.</summary>
public abstract class HeartbeatContract(MutualTls? tls)
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private static readonly FrameKey Key = new(FrameKind.Activation, 0, 0);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public async Task Whoever_has_nothing_to_say_gives_signs_of_life()
    {
        await using DataPlane a = Listen("a", Heartbeat), b = Listen("b", Heartbeat);
        var (meshA, meshB) = Connect(a, b);
        await Task.Delay(3 * Heartbeat, TestContext.Current.CancellationToken);

        meshA.Send("b", Key, [1]);
        using (var frame = meshB.Receive("a", Key)) Assert.Equal(1, frame.Length);
        meshB.Check();
    }

    [Fact]
    public async Task Whoever_is_silent_longer_than_that_is_lost()
    {
        // The machine may be busy with other tests: the quickest of three counts.
        var quickest = TimeSpan.MaxValue;
        for (int time = 0; time < 3 && quickest > Heartbeat + TimeSpan.FromSeconds(2); time++) quickest = await LostAfterAsync();
        Assert.InRange(quickest, Heartbeat / 2, Heartbeat + TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Whoever_computes_without_getting_on_leaves_its_peers_and_whoever_waits_does_not()
    {
        await using DataPlane a = Listen("a", Heartbeat), b = Listen("b", Heartbeat, stall: Heartbeat);
        var (meshA, meshB) = Connect(a, b);
        ThreadWatch waiting = new(), computing = new();
        using var stop = new ManualResetEventSlim();
        foreach (var watch in new[] { waiting, computing }) meshB.Watch(watch);
        new Thread(() =>
        {
            waiting.Begin();
            using (ThreadWatch.Waiting()) stop.Wait();
        }).Start();
        await Task.Delay(4 * Heartbeat, TestContext.Current.CancellationToken);
        meshA.Check();

        new Thread(() =>
        {
            computing.Begin();
            stop.Wait();
        }).Start();
        var lost = Assert.Throws<PeerLostException>(() => meshA.Receive("b", Key));
        Assert.Equal("b", lost.PeerInstanceId);
        Assert.Contains("ended", lost.Message, StringComparison.Ordinal);
        meshB.Check(); // b has not lost a
        stop.Set();
    }

    private async Task<TimeSpan> LostAfterAsync()
    {
        // b sends its first sign of life after two minutes.
        await using DataPlane a = Listen("a", Heartbeat), b = Listen("b", TimeSpan.FromMinutes(10));
        var (meshA, _) = Connect(a, b);
        long start = Stopwatch.GetTimestamp();

        var lost = Assert.Throws<PeerLostException>(() => meshA.Receive("b", Key));

        Assert.Equal(("b", false), (lost.PeerInstanceId, lost.Refused));
        Assert.Contains("it has been silent for 1 s", lost.Message, StringComparison.Ordinal);
        return Stopwatch.GetElapsedTime(start);
    }

    private DataPlane Listen(string id, TimeSpan heartbeat, TimeSpan? stall = null) =>
        DataPlane.Listen(new DataPlaneOptions { HeartbeatTimeout = heartbeat, StallTimeout = stall ?? TimeSpan.FromMinutes(1), Tls = tls }, id, NullLogger.Instance);

    private (Mesh A, Mesh B) Connect(DataPlane a, DataPlane b)
    {
        var (meshA, meshB) = (a.OpenMesh("job", 1, _secret), b.OpenMesh("job", 1, _secret));
        Task.WaitAll(
            Task.Run(() => meshA.Connect([new MeshPeer(new PeerEndpoint("b", "127.0.0.1", b.Port))], CancellationToken.None)),
            Task.Run(() => meshB.Connect([new MeshPeer(new PeerEndpoint("a", "127.0.0.1", a.Port))], CancellationToken.None)));
        return (meshA, meshB);
    }
}

public sealed class HeartbeatTests() : HeartbeatContract(null);

public sealed class HeartbeatOverTlsTests() : HeartbeatContract(TestAuthority.Shared.Member());
