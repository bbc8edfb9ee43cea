using System.Diagnostics;
using Parcae.Client;
using Parcae.Grains;
using Parcae.Silo.Tests;
using Xunit;

namespace Parcae.Dashboard.Tests;

/// <summary>A service of real processes with a job that trains: a store, a control silo with tokens, and workers, which can be killed.</summary>
public sealed class Service : IAsyncLifetime
{
    /// <summary>The job.</summary>
    public const string Job = "gpt-small";

    /// <summary>Token of an administrator.</summary>
    public const string Admin = "admin-secret-0123456789";

    /// <summary>Token of a viewer.</summary>
    public const string Viewer = "viewer-secret-0123456789";

    private const int Workers = 4;

    private readonly SiloProcesses _processes = new();
    private readonly Dictionary<string, Process> _workers = [];
    private readonly int _redis = FreePorts.Next();
    private readonly int _http = FreePorts.Next();
    private ParcaeClient? _client;
    private int _named;

    /// <summary>Where the dashboard is.</summary>
    public Uri Address => new($"http://127.0.0.1:{_http}");

    public async ValueTask InitializeAsync()
    {
        string tokens = Path.Combine(_processes.Folder, "tokens");
        await File.WriteAllTextAsync(tokens, $"admin ada {Admin}\nviewer vera {Viewer}\n");
        await _processes.StartAsync("READY store", "store", "--port", $"{_redis}", "--data", _processes.Folder);
        await _processes.StartAsync(
            "READY vault-1", "--role", "control", "--instance-id", "vault-1", "--redis", $"127.0.0.1:{_redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", $"{FreePorts.Next()}",
            "--http-port", $"{_http}", "--checkpoints", Path.Combine(_processes.Folder, "checkpoints"), "--interval", "3", "--api-token-file", tokens, "--on-demand-price", "3.06", "--stop-timeout", "0");
        _client = await ParcaeClient.ConnectAsync(new ParcaeClientOptions { Redis = $"127.0.0.1:{_redis}" });
        await FillAsync();
        await _client.SubmitAsync(
            new JobSpec
            {
                Name = "small",
                Model = new ModelSpec { Blocks = 4, Hidden = 64, Heads = 4, SequenceLength = 64 },
                Data = new DataSpec { Kind = "synthetic" },
                Training = new TrainingSpec { GlobalBatch = 8, MicroBatches = 4, CheckpointEvery = 200 },
                // By estimate, and with memory for half of the model: four instances are 2 x 2, three are 1 x 3.
                Planning = new PlanningSpec { MemoryBytes = 6_000_000, FlopsPerSecond = 1e9, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
            },
            Job);
    }

    /// <summary>Starts workers under new names until there are as many as at the beginning.</summary>
    public async Task FillAsync()
    {
        string[] fresh = [.. Enumerable.Range(_named, Workers - _workers.Count).Select(i => $"i-{i + 1:D4}")];
        _named += fresh.Length;
        foreach (var (id, process) in await Task.WhenAll(fresh.Select(async id => (id, await WorkerAsync(id))))) _workers[id] = process;
    }

    /// <summary>Ends a worker's process at once.</summary>
    public void Kill(string id)
    {
        _workers.Remove(id, out var process);
        process!.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(_processes.Output);
        if (_client is not null) await _client.DisposeAsync();
        await _processes.DisposeAsync();
    }

    private Task<Process> WorkerAsync(string id) => _processes.StartAsync(
        $"READY {id}", "--role", "worker", "--instance-id", id, "--redis", $"127.0.0.1:{_redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", "0", "--availability", "none", "--stop-timeout", "0",
        "--zone", int.Parse(id[2..], System.Globalization.CultureInfo.InvariantCulture) % 2 == 0 ? "zone-a" : "zone-b");
}
