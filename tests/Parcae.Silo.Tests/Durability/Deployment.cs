using System.Diagnostics;
using System.Security.Cryptography;
using Parcae.Client;
using Parcae.Grains;
using Xunit;

namespace Parcae.Silo.Tests.Durability;

/// <summary>What the silos of a deployment meet in.</summary>
public enum StoreKind
{
    /// <summary>A real redis-server with an append-only file.</summary>
    Redis,

    /// <summary>The embedded store.</summary>
    Embedded,
}

/// <summary>A service of real processes: a store, control silos, workers; each can be ended and started again as the same one. And a client.</summary>
/// <param name="kind">What kind of store.</param>
/// <param name="host">The store's address.</param>
/// <param name="place">Where the store runs; null: here.</param>
internal sealed class Deployment(StoreKind kind, string host = "127.0.0.1", Func<ProcessStartInfo, ProcessStartInfo>? place = null) : IAsyncDisposable
{
    /// <summary>Collection of the tests that need the machine for themselves.</summary>
    public const string OneAtATime = "deployments";


    private readonly SiloProcesses _processes = new();
    private readonly int _redis = FreePorts.Next();
    private readonly Dictionary<string, (ProcessStartInfo Start, Process Process)> _silos = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _supervision = [];
    private readonly List<string> _restarts = [];
    private ParcaeClient? _client;

    /// <summary>Settings that all silos have.</summary>
    public string[] Everywhere { get; init; } = [];

    /// <summary>Variables that all silos have besides.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>Changes how the client connects.</summary>
    public Action<ParcaeClientOptions> Connecting { get; init; } = _ => { };

    /// <summary>Whether there is a redis-server on this machine.</summary>
    public static bool HasRedis => RedisServer is not null;

    /// <summary>Everything that has been printed.</summary>
    public string Output => _processes.Output;

    /// <summary>The store's process.</summary>
    public Process Store { get; private set; } = null!;

    /// <summary>Address of the store.</summary>
    public string Redis => $"{host}:{_redis}";

    /// <summary>Where everything is.</summary>
    public string Folder => _processes.Folder;

    /// <summary>Connects a client, once.</summary>
    public async Task<ParcaeClient> ClientAsync()
    {
        if (_client is not null) return _client;
        var options = new ParcaeClientOptions { Redis = Redis, ResponseTimeout = TimeSpan.FromSeconds(5), GatewayRefresh = TimeSpan.FromSeconds(1), RetryFor = TimeSpan.FromMinutes(5) };
        Connecting(options);
        return _client = await ParcaeClient.ConnectAsync(options);
    }

    /// <summary>Starts the store, with the data that it left.</summary>
    public async Task StartStoreAsync()
    {
        string data = Directory.CreateDirectory(Path.Combine(Folder, "data")).FullName;
        Store = kind == StoreKind.Embedded
            ? await _processes.StartAsync("READY store", "store", "--port", $"{_redis}", "--data", data)
            : await _processes.StartAsync(
                (place ?? Here)(new ProcessStartInfo(RedisServer!, ["--port", $"{_redis}", "--bind", host, "--protected-mode", "no", "--dir", data, "--appendonly", "yes", "--save", "", "--daemonize", "no"])),
                line => line.Contains("Ready to accept connections", StringComparison.Ordinal), "Ready to accept connections");
    }

    /// <summary>Starts a control silo.</summary>
    public Task ControlAsync(string id, params string[] more) => StartAsync(id, ["--role", "control", "--gateway-port", $"{FreePorts.Next()}", "--http-port", "0", .. more]);

    /// <summary>Starts a worker.</summary>
    public Task WorkerAsync(string id, params string[] more) => StartAsync(id, ["--role", "worker", .. more]);

    /// <summary>Starts a silo of any role.</summary>
    public Task StartAsync(string id, params string[] arguments) => StartInAsync(Here, id, arguments);

    /// <summary>Starts a silo of any role somewhere, as one of the <see cref="Networks.SeparateNetworks"/>.</summary>
    public Task StartInAsync(Func<ProcessStartInfo, ProcessStartInfo> there, string id, params string[] arguments) => StartAsync(id, there(SiloProcesses.Silo(Arguments(id, arguments))));

    private async Task StartAsync(string id, ProcessStartInfo start)
    {
        foreach (var (name, value) in Variables) start.Environment[name] = value;
        var process = await _processes.StartAsync(start, line => line == $"READY {id}", $"READY {id}");
        lock (_silos) _silos[id] = (start, process);
    }

    private static ProcessStartInfo Here(ProcessStartInfo start) => start;

    private string[] Arguments(string id, string[] more)
    {
        string secret = Path.Combine(Folder, "secret");
        if (!File.Exists(secret)) File.WriteAllText(secret, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        return
        [
            "--instance-id", id, "--redis", Redis, "--secret-file", secret, "--silo-port", $"{FreePorts.Next()}", "--checkpoints", Path.Combine(Folder, "checkpoints"), "--interval", "600", "--availability", "none",
            .. Everywhere, .. more,
        ];
    }

    /// <summary>Starts silos again that have ended, with the same ids and ports, where they were.</summary>
    public Task RestartAsync(params string[] ids) => Task.WhenAll(ids.Select(id => StartAsync(id, _silos[id].Start)));

    /// <summary>From now on does what systemd and Kubernetes do: starts silos again when they end.</summary>
    public void Supervise(params string[] ids) => _supervision.AddRange(ids.Select(async id =>
    {
        while (true)
        {
            await _silos[id].Process.WaitForExitAsync(_ended.Token);
            lock (_restarts) _restarts.Add(id);
            await RestartAsync(id);
        }
    }));

    /// <summary>How often a silo was started again by <see cref="Supervise"/>.</summary>
    public int Restarts(string id)
    {
        lock (_restarts) return _restarts.Count(r => r == id);
    }

    /// <summary>A silo's process.</summary>
    public Process this[string id] => _silos[id].Process;

    /// <summary>Submits a test's job, the small one where none is given.</summary>
    public async Task SubmitAsync(string jobId, JobSpec? spec = null) => await (await ClientAsync()).SubmitAsync(spec ?? TestJob.Small.Spec, jobId);

    /// <summary>The job as it is now; null when nobody answers.</summary>
    public async Task<JobStatus?> StatusAsync(string jobId)
    {
        try
        {
            return await (await ClientAsync()).GetStatusAsync(jobId).WaitAsync(TimeSpan.FromSeconds(15));
        }
        catch (Exception e) when (e is TimeoutException or ParcaeUnavailableException or OrleansException)
        {
            return null;
        }
    }

    /// <summary>Waits until the job has trained some more steps under a plan with these instances, and no others.</summary>
    /// <returns>The job then.</returns>
    public async Task<JobStatus> UntilTrainingAsync(string jobId, int more, params string[] members)
    {
        int? begun = null;
        JobStatus? last = null;
        await UntilAsync(
            async () =>
            {
                if (await StatusAsync(jobId) is not { Phase: JobPhase.Training, Plan: { } plan } status) return false;
                last = status;
                return plan.Places.Select(p => p.Peer.InstanceId).Order(StringComparer.Ordinal).SequenceEqual(members.Order(StringComparer.Ordinal)) && status.CommittedStep >= (begun ??= status.CommittedStep) + more;
            },
            () => $"{jobId} trains {more} more steps on {string.Join(", ", members)}; it was last seen at step {last?.CommittedStep} on {string.Join(", ", last?.Plan?.Places.Select(p => p.Peer.InstanceId) ?? [])}");
        return last!;
    }

    /// <summary>Waits until something is so.</summary>
    public async Task UntilAsync(Func<Task<bool>> happened, Func<string> what)
    {
        var watch = Stopwatch.StartNew();
        while (!await happened())
        {
            Assert.True(watch.Elapsed < Patience.Long, $"For {Patience.Long.TotalMinutes:0} minutes it has not been so that {what()}. What was printed:{Environment.NewLine}{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Ends the job at its next boundary and compares all that it did with the undisturbed run.</summary>
    public async Task<JobHistory> FinishAsync(string jobId, TestJob? job = null)
    {
        var client = await ClientAsync();
        await client.FinishAsync(jobId);
        await UntilAsync(async () => await StatusAsync(jobId) is { Phase: JobPhase.Completed }, () => $"{jobId} is completed");
        var history = await client.GetHistoryAsync(jobId);
        TestContext.Current.TestOutputHelper?.WriteLine($"{history.Steps.Length} steps; " + string.Join("; ", history.Generations.Select(g => $"{g.Number}: {g.Pipelines} x {g.Depth} from {g.AtStep}, {g.Cause}, pause {g.PauseMilliseconds:0} ms, again {g.StepsReplayed}")));
        (job ?? TestJob.Small).AssertUndisturbed(history);
        return history;
    }

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(Output);
        if (_client is not null) await _client.DisposeAsync();
        await _ended.CancelAsync();
        foreach (var supervision in _supervision)
        {
            // One that has failed could not start its silo: the test has said so by then.
            await supervision.ContinueWith(_ => { }, TaskScheduler.Default);
        }

        _ended.Dispose();
        await _processes.DisposeAsync();
    }

    private static string? RedisServer { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
}
