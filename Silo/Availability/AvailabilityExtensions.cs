using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability.Aws;
using Parcae.Silo.Availability.Azure;
using Parcae.Silo.Availability.Detection;
using Parcae.Silo.Availability.Google;
using Parcae.Silo.Availability.Kubernetes;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Availability;

/// <summary>Adds the availability sources to a worker silo's host.</summary>
internal static class AvailabilityExtensions
{
    /// <summary>Runs the sources that the settings name or that are found, and makes the stop of the process a notice.</summary>
    public static IServiceCollection AddAvailability(this IServiceCollection services, SiloSettings settings)
    {
        services.AddAvailability(o =>
        {
            o.Sources = settings.Availability;
            o.MetadataEndpoint = Address(settings.MetadataEndpoint);
            o.KubernetesEndpoint = Address(settings.KubernetesEndpoint);
            if (settings.ServiceAccount is { } folder) o.ServiceAccount = folder;
            o.Interval = TimeSpan.FromSeconds(settings.AvailabilityInterval);
            (o.Advisory, o.AzureAcknowledge) = (settings.AdvisoryNotices, settings.AzureAcknowledge);
            o.GoogleNotice = TimeSpan.FromSeconds(settings.GoogleNotice);
            o.StopTimeout = TimeSpan.FromSeconds(settings.StopTimeout);
        });
        services.AddSingleton<IFleetPlace, GrainFleetPlace>();
        services.AddHostedService<AvailabilityMonitor>();
        services.AddHostedService<Departure>();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(settings.StopTimeout) + Departure.SiloStop);
        return services;
    }

    /// <summary>The sources and what passes their notices on, without anything that runs by itself.</summary>
    public static IServiceCollection AddAvailability(this IServiceCollection services, Action<AvailabilityOptions> configure)
    {
        services.AddOptions<AvailabilityOptions>().Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSource<AwsSource>(AwsSource.SourceName).AddSource<AzureSource>(AzureSource.SourceName)
            .AddSource<GoogleSource>(GoogleSource.SourceName).AddSource<KubernetesSource>(KubernetesSource.SourceName);
        services.AddSingleton<SourceDetection>();
        services.AddSingleton<NoticeDelivery>();
        return services.AddSingleton<UntilFree>();
    }

    private static IServiceCollection AddSource<T>(this IServiceCollection services, string name) where T : class, IAvailabilitySource =>
        services.AddKeyedSingleton<IAvailabilitySource>(name, (s, _) => ActivatorUtilities.CreateInstance<T>(s, s.GetRequiredService<IOptions<AvailabilityOptions>>().Value));

    private static Uri? Address(string? setting) => setting is null ? null : new Uri(setting);
}
