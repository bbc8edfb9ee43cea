using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Parcae.Silo.Availability;
using Parcae.Silo.Telemetry;
using StackExchange.Redis;

namespace Parcae.Silo.Hosting;

/// <summary>Builds and runs a silo in one of its roles.</summary>
internal static class SiloHost
{
    public static async Task<int> RunAsync(SiloSettings settings)
    {
        settings.InstanceId ??= $"{settings.Role}-{Guid.NewGuid().ToString("N")[..8]}";
        using var host = settings.IsControl ? BuildControl(settings) : BuildWorker(settings);
        await host.StartAsync();
        await host.WaitForShutdownAsync();
        return 0;
    }

    private static WebApplication BuildControl(SiloSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        ConfigureLogging(builder.Logging);
        builder.WebHost.UseUrls($"http://{settings.HttpHost}:{settings.HttpPort}");
        builder.UseOrleans(silo => ConfigureSilo(silo, settings));
        builder.Services.AddParcaeTelemetry(settings);
        builder.Services.AddHealthChecks().AddCheck<ClusterHealthCheck>("cluster");
        var app = builder.Build();
        app.MapHealthChecks("/health", new()
        {
            ResponseWriter = static (context, report) => context.Response.WriteAsync(
                $"{report.Status}: {string.Join("; ", report.Entries.Select(e => $"{e.Key} {e.Value.Description}"))}\n"),
        });
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    private static IHost BuildWorker(SiloSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        // OpenTelemetry reads OTEL_* from the host's configuration.
        builder.Configuration.AddEnvironmentVariables();
        ConfigureLogging(builder.Logging);
        builder.UseOrleans(silo => ConfigureSilo(silo, settings));
        builder.Services.AddParcaeTelemetry(settings);
        builder.Services.AddAvailability(settings);
        return builder.Build();
    }

    private static void ConfigureLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        logging.AddFilter("Orleans", LogLevel.Warning);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // Orleans' own base class talks about every change of the ring, which the worker has no use for.
        logging.AddFilter("Parcae.GpuWorker.Service.GpuWorkerService", LogLevel.Warning);
        logging.AddFilter("Polly", LogLevel.Warning);
    }

    private static void ConfigureSilo(ISiloBuilder silo, SiloSettings settings)
    {
        var redis = ConfigurationOptions.Parse(settings.Redis);
        redis.AbortOnConnectFail = false;

        silo.UseRedisClustering(o => o.ConfigurationOptions = redis)
            .AddRedisGrainStorage(ParcaeNames.Storage, o => o.ConfigurationOptions = redis)
            .AddRedisGrainStorage("PubSubStore", o => o.ConfigurationOptions = redis)
            .UseRedisReminderService(o => o.ConfigurationOptions = redis)
            .AddMemoryStreams(ParcaeNames.StreamProvider, streams =>
            {
                streams.ConfigurePartitioning(1);
                streams.ConfigurePullingAgent(o => o.Configure(a => a.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(25)));
            })
            .UseSiloMetadata(new Dictionary<string, string> { [ParcaeNames.RoleKey] = settings.Role })
            .AddActivityPropagation()
            .AddParcaeGrains(fleet => fleet.Interval = TimeSpan.FromSeconds(settings.Interval));

        int gateway = settings.GatewayPort ?? (settings.IsControl ? 30000 : 0);
        var address = Resolve(settings.Host);
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = address;
            o.SiloPort = settings.SiloPort == 0 ? FreePort() : settings.SiloPort;
            o.GatewayPort = gateway;
        });
        silo.Configure<ClusterOptions>(o =>
        {
            o.ClusterId = settings.ClusterId;
            o.ServiceId = settings.ServiceId;
        });
        // A dead silo must be seen in seconds; the price is a false positive when a machine is starved for that long.
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = TimeSpan.FromSeconds(1);
            o.NumMissedProbesLimit = 3;
            o.NumVotesForDeathDeclaration = 1;
            o.TableRefreshTimeout = TimeSpan.FromSeconds(2);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
            o.EnableIndirectProbes = false;
        });
        silo.Configure<ConnectionOptions>(o => o.OpenConnectionTimeout = TimeSpan.FromSeconds(1));
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(30));
        silo.AddGpuWorker(o =>
        {
            o.InstanceId = settings.InstanceId!;
            o.Role = settings.IsControl ? InstanceRole.Vault : InstanceRole.Worker;
            o.Host = settings.Host;
            o.Port = settings.DataPort;
            o.Fleet = settings.Fleet;
            o.Zone = settings.Zone;
            o.PricePerHour = settings.PricePerHour;
            o.CheckpointFolder = settings.Checkpoints;
            (o.Device, o.TorchThreads) = (settings.Device, settings.Threads);
            (o.HeartbeatSeconds, o.StallSeconds, o.Faults) = (settings.Heartbeat, settings.StallTimeout, settings.Faults);
        });
    }

    private static IPAddress Resolve(string host) =>
        IPAddress.TryParse(host, out var address)
            ? address
            : Dns.GetHostAddresses(host, AddressFamily.InterNetwork).FirstOrDefault()
                ?? throw new UsageException($"--host {host}: no IPv4 address is known for this name.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
