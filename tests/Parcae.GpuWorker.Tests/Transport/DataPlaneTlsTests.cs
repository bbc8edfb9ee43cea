using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Parcae.GpuWorker.Tests.Pipeline;
using Parcae.GpuWorker.Tests.Security;
using Parcae.GpuWorker.Transport;
using Parcae.Grains;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.GpuWorker.Tests.Transport;

/// <summary>Who is let in where the data plane speaks TLS, and what training is like over it.</summary>
public sealed class DataPlaneTlsTests : IDisposable
{
    private const string ClientOnly = "1.3.6.1.5.5.7.3.2";
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private readonly TestAuthority _authority = new();
    private readonly LogLines _log = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task Joins_shadows_losses_and_a_vault_leave_the_loss_where_it_was()
    {
        await using var cluster = new WorkerCluster(TestJobs.Small) { Tls = _authority.Member() };
        foreach (string id in new[] { "a", "b", "c", "d" }) cluster.Add(id);
        cluster.Add("vault", InstanceRole.Vault);
        await cluster.ReconfigureAsync(1, 2, ["a", "b"], "vault");
        await cluster.ReachAsync(3);

        var shadow = await cluster.ShadowAsync("c", cluster.Plan!.Stages[0]);
        Assert.True(shadow.BytesReceived > 0);
        var joined = await cluster.ReconfigureAsync(2, 2, ["a", "b", "c", "d"], "vault");
        await cluster.ReachAsync(joined.StartStep + 4);
        await cluster.ReconfigureAsync(2, 2, ["d", "b", "a", "c"], "vault", HaltMode.Now);
        foreach (string id in new[] { "b", "c" }) await cluster.RemoveAsync(id);
        var recovered = await cluster.ReconfigureAsync(1, 2, ["a", "d"], "vault", HaltMode.Now);
        await cluster.ReachAsync(recovered.StartStep + 4);

        await Undisturbed.AssertAsync(cluster);
    }

    [Fact]
    public async Task Neither_names_nor_layers_can_be_read_on_the_way()
    {
        byte[] layer = [.. Enumerable.Repeat("a layer of a model that is nobody's business "u8.ToArray(), 4000).SelectMany(b => b)];
        Assert.Equal((true, true), await TappedAsync(null));
        Assert.Equal((false, false), await TappedAsync(_authority.Member()));

        async Task<(bool Id, bool Layer)> TappedAsync(MutualTls? tls)
        {
            await using var holder = new StateHolder("holder", _salt, [layer], tls);
            using var tap = new TamperingProxy(holder.Endpoint, long.MaxValue);
            await using var plane = DataPlane.Listen(StateHolder.Options with { Tls = tls }, "target", _log);
            using (var client = StateClient.Connect(plane, tap.Endpoint, "job", 1, _salt, CancellationToken.None)) client.Fetch(0, 5, [new byte[layer.Length]]);
            byte[] seen = tap.Passed();
            return (seen.AsSpan().IndexOf("target"u8) >= 0, seen.AsSpan().IndexOf("nobody's business"u8) >= 0);
        }
    }

    [Fact]
    public async Task Who_has_no_certificate_of_the_authority_is_not_let_in()
    {
        using var other = new TestAuthority();
        await using var plane = Listen("a", _authority.Member());
        using var mesh = plane.OpenMesh("job", 1, _salt);
        await using var stranger = Listen("stranger", other.Member());
        await using var plain = Listen("plain", null);

        // In TLS 1.3 the dialer learns of the refusal when it reads.
        Assert.Throws<IOException>(() => Dial(stranger, plane));
        _log.Await("TLS was not agreed on");
        int before = _log.Count;
        Assert.ThrowsAny<Exception>(() => Dial(plain, plane));
        _log.Await(before, "a hello without TLS");

        // The other way around: the one that listens is the stranger.
        using var elsewhere = stranger.OpenMesh("job", 1, _salt);
        var refused = Assert.Throws<IOException>(() => Dial(plane, stranger));
        Assert.Contains("TLS was not agreed on", refused.Message, StringComparison.Ordinal);
        using var open = plain.OpenMesh("job", 1, _salt);
        var left = Assert.Throws<IOException>(() => Dial(plane, plain));
        Assert.Contains("it may speak none", left.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bit_that_is_changed_on_the_way_ends_the_connection()
    {
        await using var holder = new StateHolder("holder", _salt, [new byte[1 << 20]], _authority.Member());
        using var tampering = new TamperingProxy(holder.Endpoint, 400_000);
        await using var plane = DataPlane.Listen(StateHolder.Options with { Tls = _authority.Member() }, "target", _log);
        using var client = StateClient.Connect(plane, tampering.Endpoint, "job", 1, _salt, CancellationToken.None);
        Assert.Throws<IOException>(() => client.Fetch(0, 5, [new byte[1 << 20]]));
    }

    [Fact]
    public async Task Who_says_nothing_is_given_up_in_time()
    {
        await using var plane = DataPlane.Listen(new DataPlaneOptions { Tls = _authority.Member(), HandshakeTimeout = TimeSpan.FromMilliseconds(200) }, "a", _log);
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Patience.Long.TotalMilliseconds };
        silent.Connect(IPAddress.Loopback, plane.Port);
        Assert.Equal(0, silent.Receive(new byte[1]));
        _log.Await("did not answer in time");
    }

    [Fact]
    public async Task A_members_certificate_is_no_jobs_secret()
    {
        await using var a = Listen("a", _authority.Member());
        await using var b = Listen("b", _authority.Member());
        using var mesh = a.OpenMesh("job", 1, _salt);
        var refused = Assert.Throws<HandshakeRefusedException>(() => b.Dial(At(a), ConnectionPurpose.Mesh, "job", 1, new byte[32], CancellationToken.None));
        Assert.Equal(HandshakeRefusal.WrongSecret, refused.Refusal);
    }

    [Fact]
    public async Task A_new_certificate_is_used_without_a_restart_and_one_that_is_half_written_is_not()
    {
        var time = new FakeTimeProvider();
        var (certificate, key) = _authority.Issue("first", DateTimeOffset.UtcNow.AddHours(1));
        var tls = MutualTls.Read(certificate, key, _authority.AuthorityFile, time);
        var ends = tls.NotAfter;
        await using var a = Listen("a", tls);
        await using var b = Listen("b", _authority.Member());
        using var mesh = a.OpenMesh("job", 1, _salt);
        Dial(b, a).Dispose();

        File.WriteAllText(certificate, "-----BEGIN CERTIFICATE-----\nMIIB");
        time.Advance(TimeSpan.FromMinutes(1));
        Dial(b, a).Dispose();
        Assert.Equal(ends, tls.NotAfter);
        Assert.Contains(certificate, tls.Problem, StringComparison.Ordinal);

        var (renewed, itsKey) = _authority.Issue("second", DateTimeOffset.UtcNow.AddHours(5));
        File.Copy(renewed, certificate, overwrite: true);
        File.Copy(itsKey, key, overwrite: true);
        time.Advance(TimeSpan.FromMinutes(1));
        Dial(b, a).Dispose();
        Assert.True(tls.NotAfter > ends.AddHours(3));
        Assert.Null(tls.Problem);
    }

    [Fact]
    public void Files_that_do_not_do_are_refused_with_their_names()
    {
        var (certificate, key) = _authority.Issue("good");
        var (_, anotherKey) = _authority.Issue("another");
        var (old, oldKey) = _authority.Issue("old", DateTimeOffset.UtcNow.AddDays(-1));
        using var other = new TestAuthority();

        Refused(certificate, anotherKey, _authority.AuthorityFile, anotherKey);
        Refused(old, oldKey, _authority.AuthorityFile, "it was valid until");
        Refused(certificate, key, other.AuthorityFile, "no valid certificate of the authority");
        Refused(certificate, key, key, "it holds no certificate");
        Refused("/nowhere.pem", key, _authority.AuthorityFile, "/nowhere.pem");

        static void Refused(string certificate, string? key, string authority, string words) =>
            Assert.Contains(words, Assert.Throws<InvalidDataException>(() => MutualTls.Read(certificate, key, authority)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_for_clients_alone_cannot_listen()
    {
        var (certificate, key) = _authority.Issue("client", usage: ClientOnly);
        await using var a = Listen("a", MutualTls.Read(certificate, key, _authority.AuthorityFile));
        await using var b = Listen("b", _authority.Member());
        using var mesh = a.OpenMesh("job", 1, _salt);
        Assert.Throws<IOException>(() => Dial(b, a));
    }

    private Wire Dial(DataPlane from, DataPlane to) => from.Dial(At(to), ConnectionPurpose.Mesh, "job", 1, _salt, CancellationToken.None);

    private static PeerEndpoint At(DataPlane plane) => new(plane.InstanceId, "127.0.0.1", plane.Port);

    private DataPlane Listen(string id, MutualTls? tls) => DataPlane.Listen(new DataPlaneOptions { Tls = tls }, id, _log);
}
