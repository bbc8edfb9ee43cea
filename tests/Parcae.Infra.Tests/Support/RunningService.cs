using System.Net.Http.Headers;
using System.Text;
using Parcae.Silo;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Tests;

namespace Parcae.Infra.Tests.Support;

/// <summary>A service of real processes (store, control silo, one worker) in which a small job trains, with the tokens that infra/secrets makes.</summary>
public sealed class RunningService : IAsyncLifetime
{
    private const string Job = """
        name: small
        model: { blocks: 2, hidden: 16, heads: 2, sequenceLength: 16 }
        data: { kind: synthetic }
        training: { globalBatch: 4, microBatches: 2, checkpointEvery: 50 }
        """;

    private readonly SiloProcesses _processes = new();

    /// <summary>HTTP port of the control silo.</summary>
    public int ControlPort { get; } = SiloPorts.Free();

    /// <summary>HTTP port of the worker.</summary>
    public int WorkerPort { get; } = SiloPorts.Free();

    /// <summary>What the control silo's and the worker's pages for Prometheus had when everything on them had been seen.</summary>
    public Exposition Metrics { get; private set; } = null!;

    /// <summary>Starts it, and waits until the job has trained, its vault has written a checkpoint, and an interval is over.</summary>
    public async ValueTask InitializeAsync()
    {
        string secrets = Path.Combine(_processes.Folder, "secrets");
        Tool.Find("bash")!.Run([Repository.Place("infra/secrets"), secrets]).Good();
        string tokens = Path.Combine(secrets, "api_tokens");
        int redis = SiloPorts.Free();
        await _processes.StartAsync("READY store", "store", "--port", $"{redis}", "--data", Path.Combine(_processes.Folder, "store"));
        string[] common = ["--redis", $"127.0.0.1:{redis}", "--interval", "1"];
        await _processes.StartAsync("READY control", ["--role", "control", "--instance-id", "control", "--silo-port", $"{SiloPorts.Free()}", "--gateway-port", $"{SiloPorts.Free()}", "--http-port", $"{ControlPort}",
            "--api-token-file", tokens, "--checkpoints", Path.Combine(_processes.Folder, "checkpoints"), .. common]);
        await _processes.StartAsync("READY worker", ["--role", "worker", "--instance-id", "worker", "--silo-port", $"{SiloPorts.Free()}", "--http-port", $"{WorkerPort}", "--availability", "none", "--device", "cpu", .. common]);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ControlPort}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenFile.Read(tokens).Single(t => t.Role == ApiRole.Submitter).Secret);
        using var answer = await client.PostAsync("/api/v1/jobs?id=small", new StringContent(Job, Encoding.UTF8, "application/yaml"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());

        // Those that come last: the end of an interval, and a checkpoint.
        string[] last = ["parcae_training_samples_lost{", "parcae_checkpoint_duration_seconds_count{", "parcae_cost", "parcae_vault_lag{"];
        var patience = TimeSpan.FromSeconds(60);
        long start = TimeProvider.System.GetTimestamp();
        string control;
        do
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < patience, $"The job has not come so far within {patience.TotalSeconds} s: {await client.GetStringAsync("/api/v1/jobs/small")}");
            await Task.Delay(200);
            control = await client.GetStringAsync("/metrics");
        }
        while (!last.All(m => control.Contains(m, StringComparison.Ordinal)));
        Metrics = Exposition.Read(control, await client.GetStringAsync($"http://127.0.0.1:{WorkerPort}/metrics"));
    }

    /// <summary>Ends it.</summary>
    public ValueTask DisposeAsync() => _processes.DisposeAsync();
}

/// <summary>The tests that share a service.</summary>
[CollectionDefinition(Name)]
public sealed class RunningServiceCollection : ICollectionFixture<RunningService>
{
    /// <summary>Its name.</summary>
    public const string Name = "a running service";
}

/// <summary>Ports for processes.</summary>
internal static class SiloPorts
{
    /// <summary>One that nobody uses now.</summary>
    public static int Free() => SiloProcesses.FreePort();
}
