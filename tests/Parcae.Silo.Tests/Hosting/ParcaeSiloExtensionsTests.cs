using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Parcae.Silo.Tests.Durability;
using Xunit;

namespace Parcae.Silo.Tests.Hosting;

/// <summary>Parcae in a host of somebody's own, on other providers than Redis.</summary>
[Collection(Deployment.OneAtATime)]
public sealed class ParcaeSiloExtensionsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parcae-host-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Both_parts_in_any_order_make_a_silo_that_carries_grains_trains_and_keeps_state(bool workerFirst)
    {
        using var host = Build(silo =>
        {
            if (workerFirst) AddWorker();
            silo.AddParcaeControl(o => (o.InstanceId, o.Checkpoints, o.Interval) = ("v-1", _folder, TimeSpan.FromSeconds(7)));
            if (!workerFirst) AddWorker();

            void AddWorker() => silo.AddParcaeWorker(o => (o.InstanceId, o.Interval) = ("w-1", TimeSpan.FromSeconds(7)), a => a.Sources = "none");
        });
        await host.StartAsync(TestContext.Current.CancellationToken);

        var silo = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        Assert.Equal(TimeSpan.FromSeconds(7), host.Services.GetRequiredService<IOptions<FleetOptions>>().Value.Interval);
        Assert.Equal(3, host.Services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value.NumMissedProbesLimit);
        var health = host.Services.GetRequiredService<HealthCheckService>();
        using var patience = new CancellationTokenSource(Patience.Long);
        // The silo hears of its own metadata with the first look at the membership.
        string? role;
        while (!host.Services.GetRequiredService<ISiloMetadataCache>().GetSiloMetadata(silo).Metadata.TryGetValue(ParcaeNames.RoleKey, out role)) await Task.Delay(50, patience.Token);
        Assert.Equal(ParcaeNames.ControlRole, role);
        while ((await health.CheckHealthAsync(c => c.Tags.Contains(ParcaeHealthExtensions.ReadyTag), patience.Token)).Status != HealthStatus.Healthy) await Task.Delay(50, patience.Token);
        var fleet = await host.Services.GetRequiredService<IGrainFactory>().GetGrain<IFleetGrain>(ParcaeNames.DefaultFleet).Snapshot();
        Assert.Equal([("v-1", InstanceRole.Vault), ("w-1", InstanceRole.Worker)], fleet.Instances.Select(i => (i.Info.Id, i.Info.Role)));
        // One process, two instances: each is asked in its own place.
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        foreach (string id in (string[])["v-1", "w-1"]) Assert.Equal(id, (await grains.GetGrain<IInstanceGrain>(id).WorkerStatus("j-1")).InstanceId);
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Options_out_of_range_keep_the_host_from_starting_and_are_named()
    {
        string said = await RefusedAsync(silo => silo.AddParcaeWorker(o => (o.Threads, o.DataPort) = (0, 70000)));
        Assert.Contains("ParcaeWorkerOptions.Threads is 0; it must be a number of threads from 1 to 1024.", said, StringComparison.Ordinal);
        Assert.Contains("ParcaeWorkerOptions.DataPort is 70000; it must be a port from 0 to 65535.", said, StringComparison.Ordinal);
        said = await RefusedAsync(silo => silo.AddParcaeWorker(availability: a => a.Interval = TimeSpan.Zero));
        Assert.Contains("AvailabilityOptions.Interval is 00:00:00; it must be from 0.01 to 600 seconds.", said, StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(Action<ISiloBuilder> parts) => (await Assert.ThrowsAnyAsync<Exception>(async () =>
    {
        using var host = Build(parts);
        await host.StartAsync(TestContext.Current.CancellationToken);
    })).ToString();

    private static IHost Build(Action<ISiloBuilder> parts)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddFilter("Orleans", LogLevel.Error);
        builder.UseOrleans(silo =>
        {
            int port = FreePorts.Next();
            silo.UseLocalhostClustering(port, gatewayPort: 0, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, port))
                .AddMemoryGrainStorage(ParcaeNames.Storage).AddMemoryGrainStorage("PubSubStore").UseInMemoryReminderService();
            parts(silo);
        });
        return builder.Build();
    }
}
