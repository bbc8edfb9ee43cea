using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

public sealed class HttpCertificateTests : IAsyncDisposable
{
    private readonly SiloProcesses _processes = new();
    private readonly string _certificate, _key;
    private readonly X509Certificate2 _made;

    public HttpCertificateTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _made = Make(key, DateTimeOffset.Now.AddDays(30));
        _certificate = Write("tls.crt", _made.ExportCertificatePem());
        _key = Write("tls.key", key.ExportPkcs8PrivateKeyPem());
    }

    public async ValueTask DisposeAsync()
    {
        _made.Dispose();
        await _processes.DisposeAsync();
    }

    [Fact]
    public async Task A_silo_with_a_certificate_answers_over_tls_and_not_without()
    {
        int redis = SiloProcesses.FreePort(), http = SiloProcesses.FreePort();
        await _processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", _processes.Folder);
        await _processes.StartAsync(
            "READY control-1", "--role", "control", "--instance-id", "control-1", "--redis", $"127.0.0.1:{redis}", "--silo-port", $"{SiloProcesses.FreePort()}", "--gateway-port", $"{SiloProcesses.FreePort()}",
            "--http-port", $"{http}", "--http-certificate", _certificate, "--http-key", _key, "--checkpoints", Path.Combine(_processes.Folder, "checkpoints"), "--stop-timeout", "0");
        X509Certificate2? shown = null;
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => (shown = (X509Certificate2)certificate!).Thumbprint == _made.Thumbprint } };
        using var client = new HttpClient(handler);
        foreach (string path in (string[])["health", "api/v1/jobs", ""])
        {
            var answer = await client.GetAsync(new Uri($"https://127.0.0.1:{http}/{path}"), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Equal(_made.Thumbprint, shown?.Thumbprint);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri($"http://127.0.0.1:{http}/health"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Files_that_are_not_there_hold_something_else_or_do_not_belong_together_are_told_by_their_option()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var old = Make(other, DateTimeOffset.Now.AddDays(-1));
        string foreign = Write("other.key", other.ExportPkcs8PrivateKeyPem()), text = Write("text", "nothing");
        Assert.Null(HttpPort.Of(new SiloSettings())!.Certificate);
        Assert.Equal(_made.Thumbprint, HttpPort.Of(new SiloSettings { HttpCertificate = _certificate, HttpKey = _key })!.Certificate!.Own.Thumbprint);
        Assert.StartsWith("--http-key k: there is no certificate for it", Refused(null, "k"), StringComparison.Ordinal);
        Assert.StartsWith("--http-certificate, --http-key: /no/such: ", Refused("/no/such", _key), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {text}: it holds no certificate", Refused(text, _key), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {text}: ", Refused(_certificate, text), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {foreign}: ", Refused(_certificate, foreign), StringComparison.Ordinal);
        Assert.StartsWith($"--http-certificate, --http-key: {_certificate}: ", Refused(_certificate, null), StringComparison.Ordinal);
        Assert.Contains("it was valid until", Refused(Write("old.crt", old.ExportCertificatePem()), foreign), StringComparison.Ordinal);
    }

    private static string Refused(string? certificate, string? key) =>
        Assert.Throws<UsageException>(() => HttpPort.Of(new SiloSettings { HttpCertificate = certificate, HttpKey = key })).Message;

    private static X509Certificate2 Make(ECDsa key, DateTimeOffset until)
    {
        var request = new CertificateRequest("CN=parcae", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-2), until);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_processes.Folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
