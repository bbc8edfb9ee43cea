using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Newtonsoft.Json;
using Orleans.Serialization;
using Parcae.Grains.Fleet;
using Parcae.Grains.Jobs.Planning;
using Parcae.Grains.Placement;

namespace Parcae.Grains.Hosting;

/// <summary>Adds Parcae's grains to a silo.</summary>
public static class ParcaeGrainsHostingExtensions
{
    /// <summary>
    /// Adds what the grains need: their options, the way to GPU workers, and a default placement that prefers silos whose metadata
    /// <see cref="ParcaeNames.RoleKey"/> is <see cref="ParcaeNames.ControlRole"/> (call <c>UseSiloMetadata</c> with it). The silo must also have a grain
    /// storage named <see cref="ParcaeNames.Storage"/> and a stream provider named <see cref="ParcaeNames.StreamProvider"/>; reminders are used where there are any.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="configureFleet">Changes the fleet's options.</param>
    /// <param name="configureJobs">Changes the jobs' options.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddParcaeGrains(this ISiloBuilder builder, Action<FleetOptions>? configureFleet = null, Action<JobOptions>? configureJobs = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IGpuWorkerDirectory, GpuWorkerServiceClient>();
        services.TryAddSingleton<IJobPlannerFactory, LiveputJobPlannerFactory>();

        // Orleans takes the last registration as the default, also for its own grains: subscriptions and memory queues stay on control silos too.
        services.AddPlacementDirector<ControlFirstPlacement, ControlFirstPlacementDirector>();
        services.AddSingleton<PlacementStrategy, ControlFirstPlacement>();

        // By default what is false, 0 or null is left out of what is stored, and is what its class says when it is read: a job without a vault would come back with one.
        services.Configure<OrleansJsonSerializerOptions>(o =>
        {
            o.JsonSerializerSettings.DefaultValueHandling = DefaultValueHandling.Include;
            o.JsonSerializerSettings.NullValueHandling = NullValueHandling.Include;
            o.JsonSerializerSettings.ObjectCreationHandling = ObjectCreationHandling.Replace;
        });

        services.AddOptions<FleetOptions>();
        services.AddOptions<JobOptions>();
        if (configureFleet is not null) services.Configure(configureFleet);
        if (configureJobs is not null) services.Configure(configureJobs);
        services.AddSingleton<IConfigurationValidator, OptionsConfigurationValidator<FleetOptions>>();
        services.AddSingleton<IConfigurationValidator, OptionsConfigurationValidator<JobOptions>>();
        return builder;
    }

    /// <summary>Wakes the jobs that have not ended when the silo starts. For control silos; needs reminders.</summary>
    /// <param name="builder">The silo.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddJobWaking(this ISiloBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddHostedService<JobWaking>();
        return builder;
    }
}
