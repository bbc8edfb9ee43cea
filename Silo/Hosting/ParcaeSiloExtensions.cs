using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.GpuWorker.Service;
using Parcae.Grains;
using Parcae.Grains.Hosting;
using Parcae.Grains.Security;
using Parcae.Silo.Availability;
using Parcae.Silo.Hosting;
using Parcae.Silo.Hosting.Validation;
using Parcae.Silo.Telemetry;

namespace Parcae.Silo;

/// <summary>
/// Puts Parcae into a silo of any host. Either part adds the grains, their placement by silo metadata, the availability streams (in memory, unless there is a stream provider named
/// <see cref="ParcaeNames.StreamProvider"/> by then), health checks, and membership settings that notice a dead silo within seconds; what is configured after it overrides it. Both parts in one silo make it
/// a single machine's control silo, state vault and worker.
/// <code>
/// builder.UseOrleans(silo => silo.UseParcaeRedis("redis:6379").AddParcaeControl(o => o.Checkpoints = "/data/checkpoints"));
/// </code>
/// </summary>
public static class ParcaeSiloExtensions
{
    /// <summary>
    /// Makes this a control silo: grains prefer it, and it hosts a state vault. Needs clustering, reminders, and grain storages named <see cref="ParcaeNames.Storage"/> and <c>PubSubStore</c>, as
    /// <see cref="UseParcaeRedis(ISiloBuilder, string)"/> brings. Jobs that have not ended are woken when the silo starts.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The silo.</returns>
    /// <exception cref="OptionsValidationException">When the host is built or starts: an option is out of range; the message names it, its value, and what would be right.</exception>
    public static ISiloBuilder AddParcaeControl(this ISiloBuilder silo, Action<ParcaeControlOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(silo);
        SiloParts.Of(silo).SetControl();
        var services = silo.Services;
        services.AddInstanceOptions(configure, "control");
        services.AddSingleton<StopClock>();
        // They are told to stop in the reverse order: the worker of a silo that is both leaves before its vault does.
        int worker = services.ToList().FindIndex(s => s.ImplementationType == typeof(Departure));
        services.Insert(worker < 0 ? services.Count : worker, ServiceDescriptor.Singleton<IHostedService, VaultDeparture>());
        silo.AddStateVault(_ => { }).AddJobWaking();
        services.AddOptions<FleetOptions>().Configure<IOptions<ParcaeControlOptions>>((fleet, control) =>
        {
            foreach (var (submitter, most) in control.Value.Quotas) fleet.Quotas[submitter] = most;
        });
        services.AddOptions<GpuWorkerOptions>(nameof(InstanceRole.Vault)).Configure<IOptions<ParcaeControlOptions>>((vault, control) =>
        {
            Copy(control.Value, vault);
            vault.CheckpointFolder = control.Value.Checkpoints;
            (vault.CheckpointBucket, vault.BucketEndpoint) = (control.Value.CheckpointBucket, control.Value.BucketEndpoint);
            (vault.BucketRegion, vault.BucketPathStyle) = (control.Value.BucketRegion, control.Value.BucketPathStyle);
        });
        return silo;
    }

    /// <summary>
    /// Makes this a worker silo: it hosts a GPU worker, hears of its end from the cloud that it runs on, and takes the stop of its host for a notice. Needs clustering, and the storages of a control silo where
    /// there may be none.
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="configure">Changes the options.</param>
    /// <param name="availability">Changes where it hears of its end.</param>
    /// <returns>The silo.</returns>
    /// <exception cref="OptionsValidationException">When the host is built or starts: an option is out of range; the message names it, its value, and what would be right.</exception>
    public static ISiloBuilder AddParcaeWorker(this ISiloBuilder silo, Action<ParcaeWorkerOptions>? configure = null, Action<AvailabilityOptions>? availability = null)
    {
        ArgumentNullException.ThrowIfNull(silo);
        SiloParts.Of(silo).SetWorker();
        var services = silo.Services;
        services.AddInstanceOptions(configure, "worker");
        services.AddAvailabilityMonitor(availability ?? (_ => { }));
        services.AddOptions<AvailabilityOptions>().Configure<IOptions<ParcaeWorkerOptions>>((a, worker) => a.StopTimeout = worker.Value.StopTimeout);
        silo.AddGpuWorker(_ => { });
        services.AddOptions<GpuWorkerOptions>().Configure<IOptions<ParcaeWorkerOptions>>((gpu, worker) =>
        {
            Copy(worker.Value, gpu);
            (gpu.Device, gpu.TorchThreads) = (worker.Value.Device, worker.Value.Threads);
        });
        return silo;
    }

    /// <summary>Clustering, grain storage and reminders in Redis, or in what speaks its protocol and runs its scripts.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="address"><c>host:port</c>, or a full StackExchange.Redis configuration.</param>
    /// <returns>The silo.</returns>
    /// <exception cref="RedisSettingException">The address cannot be understood.</exception>
    public static ISiloBuilder UseParcaeRedis(this ISiloBuilder silo, string address) => silo.UseParcaeRedis(new RedisConnection { Address = address });

    /// <summary>The same with a password from a file, or with TLS.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="connection">How to get to it. The host does not start where Redis refuses (<see cref="RedisRefusedException"/>); for one that does not answer it waits.</param>
    /// <returns>The silo.</returns>
    /// <exception cref="RedisSettingException">One of its members cannot be used.</exception>
    public static ISiloBuilder UseParcaeRedis(this ISiloBuilder silo, RedisConnection connection)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(connection);
        var redis = connection.ToOptions();
        // Who starts while Redis is away, or loses it, waits for it.
        redis.AbortOnConnectFail = false;
        silo.Services.AddSingleton<IHostedService>(s => ActivatorUtilities.CreateInstance<RedisGate>(s, connection));
        return silo.UseRedisClustering(o => o.ConfigurationOptions = redis)
            .AddRedisGrainStorage(ParcaeNames.Storage, o => (o.ConfigurationOptions, o.DeleteStateOnClear) = (redis, true))
            .AddRedisGrainStorage("PubSubStore", o => o.ConfigurationOptions = redis)
            .UseRedisReminderService(o => o.ConfigurationOptions = redis);
    }

    /// <summary>
    /// Gives the service its secret, the same on all silos: the secrets by which workers of a job know each other are derived from it, and no grain keeps one. Without it peers must be on this machine (<see cref="ParcaeInstanceOptions.Host"/>).
    /// </summary>
    /// <param name="silo">The silo.</param>
    /// <param name="secret">The secret.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseParcaeSecret(this ISiloBuilder silo, ServiceSecret secret)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddSingleton(secret);
        return silo;
    }

    /// <summary>Has silos, workers and clients speak TLS with each other, and with nobody who has no certificate of the same authority: Orleans' connections and the data plane. The same choice on all silos.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="tls">This silo's certificate, and the authority.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder UseParcaeTls(this ISiloBuilder silo, MutualTls tls)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddSingleton(tls);
        silo.Services.AddSingleton<IHostedService>(p => CertificateWatch.Of(tls, p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<CertificateWatch>>()));
        return silo.UseTls(tls.Apply);
    }

    private static void AddInstanceOptions<TOptions>(this IServiceCollection services, Action<TOptions>? configure, string role)
        where TOptions : ParcaeInstanceOptions
    {
        var options = services.AddChecked<TOptions>();
        if (configure is not null) options.Configure(configure);
        options.PostConfigure(o => o.InstanceId ??= $"{role}-{Guid.NewGuid().ToString("N")[..8]}");
        services.AddOptions<FleetOptions>().Configure<IOptions<TOptions>>((fleet, instance) => fleet.Interval = instance.Value.Interval);
        // The host's own limit must not cut the stop of an instance short.
        services.AddOptions<HostOptions>().PostConfigure<IOptions<TOptions>>((host, instance) =>
        {
            var needed = instance.Value.StopTimeout + Departure.SiloStop;
            if (host.ShutdownTimeout < needed) host.ShutdownTimeout = needed;
        });
    }

    private static void Copy(ParcaeInstanceOptions from, GpuWorkerOptions to)
    {
        (to.InstanceId, to.Host, to.Port, to.Fleet, to.Zone, to.PricePerHour) = (from.InstanceId!, from.Host, from.DataPort, from.Fleet, from.Zone, from.PricePerHour);
        if (from.DataFolders.Count > 0) to.DataFolders = new AllowedFolders(from.DataFolders);
        (to.HeartbeatSeconds, to.StallSeconds, to.Faults) = (from.Heartbeat.TotalSeconds, from.StallTimeout.TotalSeconds, from.Faults);
    }
}
