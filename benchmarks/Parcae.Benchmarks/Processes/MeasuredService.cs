using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Processes;
using Parcae.Client;
using Parcae.Grains;
using StackExchange.Redis;

namespace Parcae.Benchmarks.Processes;

/// <summary>
/// A service as users have it, on this machine: a store, a control silo with a state vault, and worker silos, one thread each; every one a process, started as the demo starts them. Disposing of it ends all of them
/// and deletes what they wrote.
/// </summary>
internal sealed class MeasuredService : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ProcessSupervisor _processes = new();
    private readonly DemoAbort _abort = new(CancellationToken.None);
    private readonly DemoFolder _folder = DemoFolder.Create(null);
    private readonly SiloCommandLine _commands = new(
        SiloLocator.DotnetHost(), SiloLocator.Find(null, AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable)));

    private readonly ConcurrentDictionary<string, ChildProcess> _workers = [];
    private IHost? _clientHost;
    private string _redis = "";

    private MeasuredService()
    {
    }

    /// <summary>The service as programs see it.</summary>
    public ParcaeClient Client { get; private set; } = null!;

    /// <summary>The grains behind it.</summary>
    public IGrainFactory Grains { get; private set; } = null!;

    /// <summary>Cancelled when a process of the service has failed for good.</summary>
    public CancellationToken Failed => _abort.Token;

    /// <summary>Starts the store and the control silo, and connects.</summary>
    public static async Task<MeasuredService> StartAsync()
    {
        var service = new MeasuredService();
        try
        {
            var progress = new DemoProgress("", "", [], TimeProvider.System);
            var services = new DemoServices(
                service._processes, service._commands, service._folder, FreePorts.Next(), TimeSpan.FromMinutes(1), progress, service._abort);
            await services.StartAsync();
            await service.ConnectAsync(services.Redis);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>What each worker's process has used so far.</summary>
    public IReadOnlyDictionary<string, ProcessUsage> Usage => _workers.Where(w => !w.Value.Exited.IsCompleted).ToDictionary(w => w.Key, w => ProcessUsage.Of(w.Value.ProcessId));

    /// <summary>The operating system's number of a worker's process.</summary>
    public int ProcessOf(string id) => _workers[id].ProcessId;

    /// <summary>Starts a worker silo and waits until it has joined the fleet.</summary>
    public async Task JoinAsync(string id)
    {
        var worker = _workers[id] = _processes.Start(id, _commands.Worker(id, _redis, FreePorts.Next()), _folder.Log(id), StopOrder.Workers);
        await worker.Ready.WaitAsync(Patience, Failed);
    }

    /// <summary>Takes an instance away, as a cloud does at the deadline of a notice, and waits until the fleet knows.</summary>
    public async Task TakeAsync(string id)
    {
        if (!_workers.TryRemove(id, out var worker)) throw new InvalidOperationException($"There is no worker {id}; there are {string.Join(", ", _workers.Keys)}.");
        worker.Kill();
        _ = await worker.Exited;
        await FleetAsync(fleet => !fleet.Instances.Any(i => i.Info.Id == id && i.Phase != InstancePhase.Gone), $"{id} is gone");
    }

    /// <summary>Waits until the fleet is as asked.</summary>
    public async Task FleetAsync(Func<FleetSnapshot, bool> wanted, string what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Failed);
        limit.CancelAfter(Patience);
        try
        {
            while (!wanted(await Client.GetFleetAsync(cancellation: limit.Token))) await Task.Delay(50, limit.Token);
        }
        catch (OperationCanceledException) when (!Failed.IsCancellationRequested)
        {
            throw new TimeoutException($"After {Patience.TotalSeconds:0} s the fleet does not yet say that {what}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_clientHost is not null)
            {
                using var soon = new CancellationTokenSource(Grace);
                await _clientHost.StopAsync(soon.Token);
                _clientHost.Dispose();
            }
        }
        finally
        {
            await _processes.StopAsync(Grace);
            await _processes.DisposeAsync();
            _abort.Dispose();
            _folder.Remove();
        }
    }

    /// <summary>An Orleans client of our own: the SDK's does not lend its grains, and only those of the instances tell what a worker holds this moment.</summary>
    private async Task ConnectAsync(string redis)
    {
        _redis = redis;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        var options = new ParcaeClientOptions();
        builder.UseOrleansClient(client => client
            .UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(redis))
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.ClusterId, options.ServiceId)));
        _clientHost = builder.Build();
        await _clientHost.StartAsync(Failed);
        Grains = _clientHost.Services.GetRequiredService<IClusterClient>();
        Client = new ParcaeClient(Grains, options);
    }
}
