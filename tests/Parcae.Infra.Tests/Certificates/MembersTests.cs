using System.Globalization;
using System.Text.RegularExpressions;
using Parcae.Client;
using Parcae.Grains.Security;
using Parcae.Infra.Tests.Support;

namespace Parcae.Infra.Tests.Certificates;

/// <summary>A service whose silos have what infra/secrets makes, and who is let in.</summary>
[Collection(RunningServiceCollection.Name)]
public sealed class MembersTests(RunningService service)
{
    [Fact]
    public async Task The_certificate_for_clients_lets_a_client_in()
    {
        await using var client = await ParcaeClient.ConnectAsync(
            new ParcaeClientOptions { Redis = service.Redis, TlsCertificate = service.Certificate("client", "tls.crt"), TlsKey = service.Certificate("client", "tls.key"), TlsAuthority = service.Certificate("client", "ca.crt") },
            TestContext.Current.CancellationToken);
        var status = await client.GetStatusAsync("small", TestContext.Current.CancellationToken);
        // Its steps went from the worker to the control silo.
        Assert.True(status.CommittedStep > 0);
    }

    [Fact]
    public async Task Nobody_comes_in_without()
    {
        var refused = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = service.Redis, ConnectTimeout = TimeSpan.FromSeconds(3) }, TestContext.Current.CancellationToken));
        Assert.Contains("none let this client in", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_silo_says_when_its_certificates_end()
    {
        using var http = new HttpClient();
        string control = await http.GetStringAsync($"http://127.0.0.1:{service.ControlPort}/metrics", TestContext.Current.CancellationToken);
        string worker = await service.WorkerPageAsync();
        Assert.Equal([("members", EndOf("silo"))], Ends(control));
        Assert.Equal([("http", EndOf("localhost")), ("members", EndOf("silo"))], Ends(worker));
    }

    private long EndOf(string name) => new DateTimeOffset(PemIdentity.Read(service.Certificate(name, "tls.crt"), service.Certificate(name, "tls.key")).Own.NotAfter).ToUnixTimeSeconds();

    private static (string Certificate, long End)[] Ends(string page) =>
        [.. Regex.Matches(page, "^parcae_tls_certificate_expiry_seconds\\{.*certificate=\"(\\w+)\".*\\} (\\S+)", RegexOptions.Multiline)
            .Select(m => (m.Groups[1].Value, (long)double.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture))).Order()];
}
