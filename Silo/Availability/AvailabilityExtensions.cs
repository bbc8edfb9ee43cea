using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability.Aws;
using Parcae.Silo.Availability.Azure;
using Parcae.Silo.Availability.Detection;
using Parcae.Silo.Availability.Google;
using Parcae.Silo.Availability.Kubernetes;
using Parcae.Silo.Availability.Passing;
using Parcae.Silo.Health;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo.Availability;

/// <summary>Adds the availability sources to a worker silo's host.</summary>
internal static class AvailabilityExtensions
{
    /// <summary>Runs the sources that the options name or that are found, and makes the stop of the host a notice.</summary>
    public static IServiceCollection AddAvailabilityMonitor(this IServiceCollection services, Action<AvailabilityOptions> configure)
    {
        services.AddAvailability(configure);
        services.AddSingleton<IFleetPlace, GrainFleetPlace>();
        services.AddHostedService<AvailabilityMonitor>();
        return services.AddHostedService<Departure>();
    }

    /// <summary>The sources and what passes their notices on, without anything that runs by itself.</summary>
    public static IServiceCollection AddAvailability(this IServiceCollection services, Action<AvailabilityOptions> configure)
    {
        services.AddChecked<AvailabilityOptions>().Configure(configure);
        services.TryAddSingleton<HealthState>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSource<AwsSource>(AwsSource.SourceName).AddSource<AzureSource>(AzureSource.SourceName)
            .AddSource<GoogleSource>(GoogleSource.SourceName).AddSource<KubernetesSource>(KubernetesSource.SourceName);
        services.AddSingleton<SourceDetection>();
        services.AddSingleton<NoticeDelivery>();
        return services.AddSingleton<UntilFree>();
    }

    private static IServiceCollection AddSource<T>(this IServiceCollection services, string name) where T : class, IAvailabilitySource =>
        services.AddKeyedSingleton<IAvailabilitySource>(name, (s, _) => ActivatorUtilities.CreateInstance<T>(s, s.GetRequiredService<IOptions<AvailabilityOptions>>().Value));
}
