using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Parcae.GpuWorker.Tests.Checkpoints.Bucket;
using Parcae.Silo;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Tests;

namespace Parcae.Infra.Tests.Support;

/// <summary>
/// A service of real processes (store, control silo, one worker) in which a small job trains, with the tokens, the secret and the certificates that infra/secrets makes. The worker's HTTP port speaks TLS, the control silo's does not.
/// </summary>
public sealed class RunningService : IAsyncLifetime
{
    private const string Job = """
        name: small
        model: { blocks: 2, hidden: 16, heads: 2, sequenceLength: 16 }
        data: { kind: synthetic }
        training: { globalBatch: 4, microBatches: 2, checkpointEvery: 50 }
        """;

    private readonly SiloProcesses _processes = new();
    private readonly FakeS3 _bucket = new();

    // The control silo finds them by the SDK's default chain.
    static RunningService()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "a-key");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "a-secret-of-this-test");
    }

    /// <summary>HTTP port of the control silo.</summary>
    public int ControlPort { get; } = FreePorts.Next();

    /// <summary>HTTP port of the worker.</summary>
    public int WorkerPort { get; } = FreePorts.Next();

    /// <summary>Its Redis.</summary>
    public string Redis { get; } = $"127.0.0.1:{FreePorts.Next()}";

    /// <summary>What the control silo's and the worker's pages for Prometheus had when everything on them had been seen.</summary>
    public Exposition Metrics { get; private set; } = null!;

    /// <summary>A file of what infra/certificates has made for a name: <c>silo</c>, <c>client</c>, or <c>localhost</c> for the worker's HTTP port.</summary>
    public string Certificate(string name, string file) => Path.Combine(_processes.Folder, "secrets", "tls", name, file);

    /// <summary>The page of the worker for Prometheus.</summary>
    public async Task<string> WorkerPageAsync()
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Certificate("localhost", "ca.crt"));
        using var client = new HttpClient(handler);
        return await client.GetStringAsync($"https://localhost:{WorkerPort}/metrics");
    }

    /// <summary>Starts it, and waits until the job has trained, its vault has written a checkpoint and brought it into a bucket, and an interval is over.</summary>
    public async ValueTask InitializeAsync()
    {
        string secrets = Path.Combine(_processes.Folder, "secrets");
        Tool.Find("bash")!.Run([Repository.Place("infra/secrets"), secrets]).Good();
        Tool.Find("bash")!.Run([Repository.Place("infra/certificates"), Path.Combine(secrets, "tls"), "localhost"]).Good();
        string tokens = Path.Combine(secrets, "api_tokens");
        await _processes.StartAsync("READY store", "store", "--port", Redis.Split(':')[1], "--data", Path.Combine(_processes.Folder, "store"));
        string[] common =
        [
            "--redis", Redis, "--interval", "1", "--secret-file", Path.Combine(secrets, "service_secret"),
            "--tls-certificate", Certificate("silo", "tls.crt"), "--tls-key", Certificate("silo", "tls.key"), "--tls-authority", Certificate("silo", "ca.crt"),
        ];
        await _processes.StartAsync("READY control", ["--role", "control", "--instance-id", "control", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}", "--http-port", $"{ControlPort}",
            "--api-token-file", tokens, "--checkpoints", Path.Combine(_processes.Folder, "checkpoints"),
            "--checkpoint-bucket", "s3://bucket/parcae", "--bucket-endpoint", _bucket.Endpoint, "--bucket-path-style", "true", .. common]);
        await _processes.StartAsync("READY worker", ["--role", "worker", "--instance-id", "worker", "--silo-port", $"{FreePorts.Next()}", "--http-port", $"{WorkerPort}",
            "--http-certificate", Certificate("localhost", "tls.crt"), "--http-key", Certificate("localhost", "tls.key"), "--availability", "none", "--device", "cpu", .. common]);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ControlPort}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenFile.Read(tokens).Single(t => t.Role == ApiRole.Submitter).Secret);
        using var answer = await client.PostAsync("/api/v1/jobs?id=small", new StringContent(Job, Encoding.UTF8, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        // Those that come last: the end of an interval, and a checkpoint.
        string[] last = ["parcae_training_samples_lost{", "parcae_checkpoint_duration_seconds_count{", "parcae_checkpoint_upload_duration_seconds_count{", "parcae_cost", "parcae_vault_lag{"];
        long start = TimeProvider.System.GetTimestamp();
        string control;
        do
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience.Long, $"The job has not come so far within {Patience.Long.TotalMinutes:0} minutes: {await client.GetStringAsync("/api/v1/jobs/small")}");
            await Task.Delay(200);
            control = await client.GetStringAsync("/metrics");
        }
        while (!last.All(m => control.Contains(m, StringComparison.Ordinal)));
        Metrics = Exposition.Read(control, await WorkerPageAsync());
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _processes.DisposeAsync();
        await _bucket.DisposeAsync();
    }
}

/// <summary>The tests that share a service.</summary>
[CollectionDefinition(Name)]
public sealed class RunningServiceCollection : ICollectionFixture<RunningService>
{
    /// <summary>Its name.</summary>
    public const string Name = "a running service";
}
