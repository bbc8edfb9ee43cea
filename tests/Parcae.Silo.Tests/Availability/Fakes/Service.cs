using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Parcae.Grains;
using StackExchange.Redis;
using Xunit;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>A service of real processes on this machine: a store and a control silo for all tests of a class, and worker silos; and a client of it.</summary>
public sealed class Service : IAsyncLifetime
{
    private readonly SiloProcesses _processes = new();
    private readonly int _redis = FreePorts.Next();
    private IHost? _client;

    /// <summary>The service's grains.</summary>
    public IGrainFactory Grains => _client!.Services.GetRequiredService<IClusterClient>();

    /// <summary>Its fleet.</summary>
    public IFleetGrain Fleet => Grains.GetGrain<IFleetGrain>(ParcaeNames.DefaultFleet);

    /// <summary>Its Redis.</summary>
    public string Redis => $"127.0.0.1:{_redis}";

    /// <summary>Everything that the processes have printed.</summary>
    public string Output => _processes.Output;

    /// <summary>Starts the store and the control silo, and connects.</summary>
    public async ValueTask InitializeAsync()
    {
        await _processes.StartAsync("READY store", "store", "--port", $"{_redis}", "--data", _processes.Folder);
        await _processes.StartAsync("READY c-1", "--role", "control", "--instance-id", "c-1", "--redis", $"127.0.0.1:{_redis}", "--silo-port", $"{FreePorts.Next()}",
            "--gateway-port", $"{FreePorts.Next()}", "--http-port", "0", "--checkpoints", _processes.Folder, "--interval", "600");
        var builder = Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
        builder.UseOrleansClient(client => client
            .UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse($"127.0.0.1:{_redis}"))
            .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("parcae", "parcae")));
        _client = builder.Build();
        await _client.StartAsync();
    }

    /// <summary>Starts a worker silo and waits until it has joined the fleet.</summary>
    public Task<Process> WorkerAsync(string id, params string[] arguments) => _processes.StartAsync(
        $"READY {id}", ["--role", "worker", "--instance-id", id, "--redis", $"127.0.0.1:{_redis}", "--silo-port", $"{FreePorts.Next()}", "--gateway-port", "0", .. arguments]);

    /// <summary>What the fleet's log says of an instance.</summary>
    public async Task<AvailabilityEvent[]> EventsAsync(string id) => [.. (await Fleet.ReadLog(0, 1000)).Where(e => e.InstanceId == id)];

    /// <summary>Waits until something is so. While a silo is gone and not everybody knows, grains may not be reached: then it is not so yet.</summary>
    public async Task UntilAsync(Func<Task<bool>> happened, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await IsSoAsync())
        {
            Assert.True(watch.Elapsed < Patience.Long, $"For {Patience.Long.TotalMinutes:0} minutes it has not been so that {what}. What was printed:{Environment.NewLine}{Output}");
            await Task.Delay(50);
        }

        async Task<bool> IsSoAsync()
        {
            try
            {
                return await happened();
            }
            catch (Exception e) when (watch.Elapsed < Patience.Long && e is OrleansException or TimeoutException)
            {
                return false;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            await _client.StopAsync(soon.Token);
            _client.Dispose();
        }

        await _processes.DisposeAsync();
    }
}
