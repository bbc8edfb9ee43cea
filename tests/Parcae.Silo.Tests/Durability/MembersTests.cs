using System.Text;
using System.Text.RegularExpressions;
using Parcae.Client;
using Parcae.EndToEnd.Otlp;
using Parcae.GpuWorker.Tests.Security;
using Parcae.Grains.Security;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>A service whose silos, workers and clients know each other by certificates and a secret, and who is not let in.</summary>
[Collection(Deployment.OneAtATime)]
public sealed partial class MembersTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly string _secret = Convert.ToBase64String(Encoding.UTF8.GetBytes("thirty-two bytes, and nobody's."));

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_job_trains_over_mutual_tls_who_has_no_certificate_is_left_outside_and_no_secret_is_told_or_stored()
    {
        if (!Deployment.HasRedis) Assert.Skip("There is no redis-server on this machine.");
        await using var received = new OtlpReceiver(FreePorts.Next());
        var (certificate, key) = _authority.Issue("member");
        await using var service = Service(certificate, key, "--secret-file", Write(_secret));
        foreach (var (name, value) in received.Environment) service.Variables[name] = value;
        (service.Variables["Logging__LogLevel__Orleans"], service.Variables["Logging__LogLevel__Parcae"]) = ("Information", "Trace");
        await service.StartStoreAsync();
        await service.ControlAsync("c-1");
        await service.WorkerAsync("w-1");
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 20, "w-1");
        await service.WorkerAsync("w-2");
        await service.UntilTrainingAsync("j-1", 20, "w-1", "w-2");
        await service.WorkerAsync("w-3");
        await Signals.KillAsync(service["w-1"]);
        await service.UntilTrainingAsync("j-1", 20, "w-2", "w-3");
        await service.FinishAsync("j-1");

        using var others = new TestAuthority();
        var (foreign, foreignKey) = others.Issue("foreign");
        await LeftOutsideAsync(service, _ => { });
        await LeftOutsideAsync(service, o => (o.TlsCertificate, o.TlsKey, o.TlsAuthority) = (foreign, foreignKey, others.AuthorityFile));
        Assert.Contains("Authentication failed", service.Output, StringComparison.Ordinal);

        // What the job's secret is derived from is there, so that the search below is for the right one.
        byte[] stored = [.. Directory.GetFiles(Path.Combine(service.Folder, "data"), "*", SearchOption.AllDirectories).SelectMany(File.ReadAllBytes)];
        var salts = Salt().Matches(Encoding.Latin1.GetString(stored)).Select(m => m.Groups[1].Value).Distinct().ToArray();
        Assert.NotEmpty(salts);
        string[] secrets = [_secret, .. salts.SelectMany(salt => Spellings(ServiceSecret.Of(_secret).OfJob("j-1", Convert.FromBase64String(salt))))];
        Assert.Contains(received.Spans, s => s.Name == "transfer");
        Assert.NotEmpty(received.Logs);
        var exported = received.Spans.SelectMany(s => s.Tags.Values.Append(s.Name)).Concat(received.Logs.SelectMany(l => l.Tags.Values.Append(l.Body)));
        string told = string.Join('\n', [service.Output, Encoding.Latin1.GetString(stored), .. exported]);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_with_another_secret_gets_no_layers()
    {
        if (!Deployment.HasRedis) Assert.Skip("There is no redis-server on this machine.");
        await using var service = new Deployment(StoreKind.Redis);
        await service.StartStoreAsync();
        string one = Write(_secret), another = Write(_secret + "!");
        await service.ControlAsync("c-1", "--secret-file", one);
        await service.WorkerAsync("w-1", "--secret-file", one);
        await service.SubmitAsync("j-1");
        await service.UntilTrainingAsync("j-1", 20, "w-1");
        await service.WorkerAsync("w-2", "--secret-file", another);
        await service.UntilAsync(() => Task.FromResult(service.Output.Contains("WrongSecret", StringComparison.Ordinal)), () => "the worker with another secret is refused");
        await service.UntilTrainingAsync("j-1", 20, "w-1");
    }

    [Theory]
    [InlineData("--host 10.1.2.3: other machines are let in only with a secret", "--host", "10.1.2.3")]
    [InlineData("--secret-file: /no/such: ", "--secret-file", "/no/such")]
    [InlineData("both files must be named, or neither", "--tls-certificate", "/no/such")]
    [InlineData("--tls-key /no/such: there is no certificate for it", "--tls-key", "/no/such")]
    [InlineData("--tls-certificate, --tls-key, --tls-authority: /no/such: ", "--tls-certificate", "/no/such", "--tls-authority", "/no/such")]
    public async Task What_does_not_do_is_refused_with_its_option(string refused, params string[] arguments)
    {
        await using var processes = new SiloProcesses();
        var process = processes.Start(["--role", "worker", .. arguments]);
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(2, process.ExitCode);
        Assert.Contains(refused, error, StringComparison.Ordinal);
    }

    private Deployment Service(string certificate, string key, params string[] more) => new(StoreKind.Redis)
    {
        Everywhere = ["--tls-certificate", certificate, "--tls-key", key, "--tls-authority", _authority.AuthorityFile, .. more],
        Connecting = o => (o.TlsCertificate, o.TlsKey, o.TlsAuthority) = (certificate, key, _authority.AuthorityFile),
    };

    private static async Task LeftOutsideAsync(Deployment service, Action<ParcaeClientOptions> configure)
    {
        var options = new ParcaeClientOptions { Redis = service.Redis, ConnectTimeout = TimeSpan.FromSeconds(3) };
        configure(options);
        var refused = await Assert.ThrowsAsync<ParcaeUnavailableException>(() => ParcaeClient.ConnectAsync(options));
        Assert.Contains("none let this client in", refused.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Spellings(byte[] secret) =>
        [Convert.ToBase64String(secret), Convert.ToHexString(secret), Convert.ToHexStringLower(secret), Encoding.Latin1.GetString(secret)];

    private string Write(string secret)
    {
        string file = Path.Combine(Path.GetDirectoryName(_authority.AuthorityFile)!, Guid.NewGuid().ToString("n"));
        File.WriteAllText(file, secret + "\n");
        return file;
    }

    [GeneratedRegex("\"Salt\":[^}]*\"([A-Za-z0-9+/]{43}=)\"")]
    private static partial Regex Salt();
}
