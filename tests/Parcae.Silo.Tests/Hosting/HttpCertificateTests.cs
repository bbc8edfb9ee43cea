using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Time.Testing;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains.Security;
using Parcae.Silo.Absence;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

public sealed class HttpCertificateTests : IAsyncDisposable
{
    private readonly SiloProcesses _processes = new();
    private readonly TestAuthority _authority = new();
    private readonly string _certificate, _key;

    public HttpCertificateTests() => (_certificate, _key) = _authority.Issue("silo");

    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task A_silo_with_a_certificate_answers_over_tls_and_not_without()
    {
        int redis = FreePorts.Next(), http = FreePorts.Next();
        await _processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", _processes.Folder);
        await _processes.StartAsync(
            "READY control-1", "--role", "control", "--instance-id", "control-1", "--redis", $"127.0.0.1:{redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}",
            "--http-port", $"{http}", "--http-certificate", _certificate, "--http-key", _key, "--checkpoints", Path.Combine(_processes.Folder, "checkpoints"), "--stop-timeout", "0");
        using var client = Client(ThumbprintOf(_certificate));
        foreach (string path in (string[])["health", "api/v1/jobs", ""])
        {
            var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{http}/{path}"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://127.0.0.1:{http}/health"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_new_certificate_is_shown_without_a_restart_and_one_that_is_half_written_is_not()
    {
        var time = new FakeTimeProvider();
        var http = new HttpPort("127.0.0.1", FreePorts.Next(), ServerCertificate.Read(_certificate, _key, time));
        string first = ThumbprintOf(_certificate);
        await using var server = await AbsentHealth.StartAsync(http);
        await AssertShownAsync(first);

        var (renewed, itsKey) = _authority.Issue("renewed");
        File.Copy(itsKey, _key, overwrite: true);
        time.Advance(TimeSpan.FromMinutes(1));
        await AssertShownAsync(first);
        Assert.Contains(_key, http.Certificate!.Problem, StringComparison.Ordinal);

        File.Copy(renewed, _certificate, overwrite: true);
        await AssertShownAsync(first); // looked at a moment ago
        time.Advance(TimeSpan.FromSeconds(10));
        await AssertShownAsync(ThumbprintOf(renewed));
        Assert.Null(http.Certificate.Problem);

        async Task AssertShownAsync(string thumbprint)
        {
            using var client = Client(thumbprint);
            using var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{http.Port}/health/live"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public void Files_that_are_not_there_hold_something_else_or_do_not_belong_together_are_told_by_their_option()
    {
        string foreign = _authority.Issue("another").Key, text = Path.Combine(_processes.Folder, "text");
        File.WriteAllText(text, "nothing");
        var (old, itsKey) = _authority.Issue("old", DateTimeOffset.UtcNow.AddDays(-1));
        Assert.Null(HttpPort.Of(new SiloSettings())!.Certificate);
        Assert.NotNull(HttpPort.Of(new SiloSettings { HttpCertificate = _certificate, HttpKey = _key })!.Certificate);
        Assert.StartsWith("--http-key k: there is no certificate for it", Refused(null, "k"), StringComparison.Ordinal);
        Assert.StartsWith("--http-certificate, --http-key: /no/such: ", Refused("/no/such", _key), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {text}: it holds no certificate", Refused(text, _key), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {text}: ", Refused(_certificate, text), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {foreign}: ", Refused(_certificate, foreign), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {_certificate}: ", Refused(_certificate, null), StringComparison.Ordinal);
        Assert.Contains("it was valid until", Refused(old, itsKey), StringComparison.Ordinal);
    }

    private static string Refused(string? certificate, string? key) =>
        Assert.Throws<UsageException>(() => HttpPort.Of(new SiloSettings { HttpCertificate = certificate, HttpKey = key })).Message;

    private static string ThumbprintOf(string certificate) => Assert.Single(PemIdentity.ReadCertificates(certificate)).Thumbprint;

    /// <summary>A client that accepts this certificate alone.</summary>
    private static HttpClient Client(string thumbprint) => new(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => ((X509Certificate2)shown!).Thumbprint == thumbprint } });
}
