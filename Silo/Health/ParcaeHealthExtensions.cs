using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Parcae.Silo.Health;

namespace Parcae.Silo;

/// <summary>Health endpoints of a silo with Parcae in it.</summary>
public static class ParcaeHealthExtensions
{
    /// <summary>Tag of the check behind <c>/health/startup</c>.</summary>
    public const string StartupTag = "parcae-startup";

    /// <summary>Tag of the check behind <c>/health/ready</c>.</summary>
    public const string ReadyTag = "parcae-ready";

    /// <summary>Tag of the check behind <c>/health/live</c>.</summary>
    public const string LiveTag = "parcae-live";

    /// <summary>Tag of the checks behind <c>/health</c>, which ask the cluster.</summary>
    public const string ClusterTag = "parcae-cluster";

    /// <summary>
    /// Maps <c>/health/startup</c> (the silo is a member), <c>/health/ready</c> (it can be given work), <c>/health/live</c> (its process is good for anything; never depends on the store or on other silos) and <c>/health</c>
    /// (the fleet's grain answers). Each answers 200 or 503, with a line of text that says why.
    /// </summary>
    /// <param name="endpoints">The application.</param>
    /// <returns>The application.</returns>
    public static IEndpointRouteBuilder MapParcaeHealth(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        Map("/health", ClusterTag);
        Map("/health/startup", StartupTag);
        Map("/health/ready", ReadyTag);
        Map("/health/live", LiveTag);
        return endpoints;

        void Map(string path, string tag) => endpoints.MapHealthChecks(path, new()
        {
            Predicate = check => check.Tags.Contains(tag),
            ResponseWriter = static (context, report) => context.Response.WriteAsync(
                $"{report.Status}: {string.Join("; ", report.Entries.Select(e => $"{e.Key} {e.Value.Description}"))}\n"),
        });
    }

    /// <summary>The checks that every silo has.</summary>
    internal static IServiceCollection AddInstanceHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<HealthState>();
        services.AddHealthChecks()
            .AddCheck<ClusterHealthCheck>("cluster", tags: [ClusterTag])
            .AddCheck<StartupCheck>("startup", tags: [StartupTag])
            .AddCheck<ReadyCheck>("ready", tags: [ReadyTag])
            .AddCheck<LiveCheck>("live", tags: [LiveTag]);
        return services;
    }
}
