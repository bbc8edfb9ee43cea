using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Parcae.GpuWorker.Models.Plugins;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Parcae.Grains.Security;
using Parcae.Silo.Absence;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Availability;
using Parcae.Silo.Telemetry;
using StackExchange.Redis;

namespace Parcae.Silo.Hosting;

/// <summary>Builds and runs a silo in one of its roles.</summary>
internal static partial class SiloHost
{
    private const string VaultSuffix = "-vault";

    public static async Task<int> RunAsync(SiloSettings settings, Leave? leave = null)
    {
        settings.InstanceId = leave?.InstanceId ?? settings.InstanceId ?? $"{settings.Role}-{Guid.NewGuid().ToString("N")[..8]}";
        var redis = RedisOptions(settings);
        var http = HttpPort.Of(settings);
        if (leave is not null) await Absent.WaitAsync(leave, redis, settings.ServiceId, Console.Out, http);

        PluginFolder.Restrict(settings.Plugins);
        using var host = Build(settings, http, leave);
        StopLimit.Watch(host.Services, TimeSpan.FromSeconds(settings.StopTimeout) + Departure.SiloStop);
        await host.StartAsync();
        await host.WaitForShutdownAsync();
        return 0;
    }

    private static IHost Build(SiloSettings settings, HttpPort? http, Leave? leave)
    {
        if (http is null)
        {
            var plain = Host.CreateEmptyApplicationBuilder(new());
            Configure(plain, settings, leave);
            return plain.Build();
        }

        var web = WebApplication.CreateEmptyBuilder(new());
        http.Bind(web.WebHost);
        if (http.Certificate is { } certificate) web.Services.AddSingleton<IHostedService>(p => CertificateWatch.Of(certificate, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<CertificateWatch>>()));
        web.Services.AddRoutingCore();
        Configure(web, settings, leave);
        if (settings.IsControl) AddApi(web.Services, settings);
        var app = web.Build();
        if (settings.IsControl) app.MapParcaeApi().MapParcaeDashboard();
        if (settings.IsControl && settings.ApiTokenFile is null && !Origins.IsLocalName(settings.HttpHost)) LogOnlyHere(app.Logger, settings.HttpHost);
        app.MapParcaeHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    private static void Configure(IHostApplicationBuilder builder, SiloSettings settings, Leave? leave)
    {
        // OpenTelemetry reads OTEL_* from the host's configuration, logging its levels.
        builder.Configuration.AddSettingFiles(settings.Config).AddEnvironmentVariables();
        ConfigureLogging(builder);
        builder.UseOrleans(silo => ConfigureSilo(silo, settings));
        builder.Services.AddParcaeTelemetry(settings);
        // A control silo in the same process would vanish along.
        if (!settings.AllowReplay || settings.IsControl) return;
        var vanishing = Vanishing.OfProcess(settings.InstanceId!, leave?.Order);
        builder.Services.Configure<GpuWorkerOptions>(o => o.Vanish = vanishing.Obey);
    }

    private static void ConfigureLogging(IHostApplicationBuilder builder)
    {
        var logging = builder.Logging;
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
        logging.AddFilter("Parcae.GpuWorker.Service.StateVaultService", LogLevel.Warning);
        logging.AddFilter("Polly", LogLevel.Warning);
        logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
    }

    private static void ConfigureSilo(ISiloBuilder silo, SiloSettings settings)
    {
        silo.UseParcaeRedis(settings.RedisConnection);
        if (settings.SecretFile is { } secret) silo.UseParcaeSecret(UsageException.Of("--secret-file", () => ServiceSecret.Read(secret)));
        if (settings is { TlsCertificate: { } certificate, TlsAuthority: { } authority })
            silo.UseParcaeTls(UsageException.Of("--tls-certificate, --tls-key, --tls-authority", () => MutualTls.Read(certificate, settings.TlsKey, authority)));
        var address = Resolve(settings.Host);
        ListeningPorts.Require(settings, address);
        silo.Configure<EndpointOptions>(o =>
        {
            o.AdvertisedIPAddress = address;
            o.SiloPort = settings.SiloPort == 0 ? FreePort() : settings.SiloPort;
            o.GatewayPort = settings.ActualGatewayPort;
        });
        silo.Configure<ClusterOptions>(o =>
        {
            o.ClusterId = settings.ClusterId;
            o.ServiceId = settings.ServiceId;
        });
        if (settings.IsControl)
        {
            silo.AddParcaeControl(o =>
            {
                Copy(settings, o);
                if (settings.IsWorker) o.InstanceId += VaultSuffix;
                o.Checkpoints = settings.Checkpoints;
                (o.CheckpointBucket, o.BucketEndpoint, o.BucketRegion, o.BucketPathStyle) = (settings.CheckpointBucket, settings.BucketEndpoint, settings.BucketRegion, settings.BucketPathStyle);
                foreach (string[] quota in settings.Quotas.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(q => q.Split('='))) o.Quotas[quota[0].Trim()] = int.Parse(quota[1], CultureInfo.InvariantCulture);
            });
        }

        silo.AddParcaeDashboard();
        if (settings.IsWorker)
        {
            silo.AddParcaeWorker(
                o =>
                {
                    Copy(settings, o);
                    (o.Device, o.Threads) = (settings.Device, settings.Threads);
                },
                o => Copy(settings, o));
        }
    }

    private static void Copy(SiloSettings from, ParcaeInstanceOptions to)
    {
        (to.InstanceId, to.Host, to.Fleet, to.Zone, to.PricePerHour, to.Faults) = (from.InstanceId, from.Host, from.Fleet, from.Zone, from.PricePerHour, from.Faults);
        // A silo that is both has two data planes: the port is the worker's.
        to.DataPort = from.IsWorker && to is ParcaeControlOptions ? 0 : from.DataPort;
        foreach (string folder in from.DataFolders?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? []) to.DataFolders.Add(folder);
        (to.Interval, to.Heartbeat) = (TimeSpan.FromSeconds(from.Interval), TimeSpan.FromSeconds(from.Heartbeat));
        (to.StallTimeout, to.StopTimeout) = (TimeSpan.FromSeconds(from.StallTimeout), TimeSpan.FromSeconds(from.StopTimeout));
    }

    private static void Copy(SiloSettings from, AvailabilityOptions to)
    {
        (to.Sources, to.Interval) = (from.Availability, TimeSpan.FromSeconds(from.AvailabilityInterval));
        (to.MetadataEndpoint, to.KubernetesEndpoint) = (Address(from.MetadataEndpoint), Address(from.KubernetesEndpoint));
        if (from.ServiceAccount is { } folder) to.ServiceAccount = folder;
        (to.Advisory, to.AzureAcknowledge, to.GoogleNotice) = (from.AdvisoryNotices, from.AzureAcknowledge, TimeSpan.FromSeconds(from.GoogleNotice));

        static Uri? Address(string? setting) => setting is null ? null : new Uri(setting);
    }

    /// <exception cref="UsageException">A setting of Redis cannot be used.</exception>
    private static ConfigurationOptions RedisOptions(SiloSettings settings)
    {
        try
        {
            return settings.RedisConnection.ToOptions();
        }
        catch (RedisSettingException e)
        {
            throw new UsageException($"--{SettingNames.ToOption($"{nameof(settings.Redis)}{e.Setting}")} {e.Message}");
        }
    }

    private static void AddApi(IServiceCollection services, SiloSettings settings)
    {
        var tokens = settings.ApiTokenFile is { } file ? TokenFile.Read(file) : [];
        services.AddParcaeApi(o =>
        {
            (o.RequestsPerSecond, o.Streams, o.BodyBytes, o.OnDemandPricePerHour) = (settings.ApiRate, settings.ApiStreams, settings.ApiBodyBytes, settings.OnDemandPrice);
            foreach (var token in tokens) o.Tokens.Add(token);
        });
    }

    /// <exception cref="UsageException">It has no IPv4 address.</exception>
    private static IPAddress Resolve(string host)
    {
        try
        {
            if ((IPAddress.TryParse(host, out var address) ? address : Dns.GetHostAddresses(host, AddressFamily.InterNetwork).FirstOrDefault()) is { } known) return known;
        }
        catch (SocketException)
        {
            // Said below.
        }

        throw new UsageException($"--host {host}: no IPv4 address is known for this name.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [LoggerMessage(LogLevel.Warning, "The HTTP port binds to {Host}, but no token is configured (--api-token-file): the API and the dashboard answer this machine alone")]
    private static partial void LogOnlyHere(ILogger logger, string host);
}
