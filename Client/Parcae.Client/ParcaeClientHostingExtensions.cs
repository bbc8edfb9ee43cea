using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Parcae.Client;

/// <summary>Adds a Parcae client to a program's services.</summary>
public static class ParcaeClientHostingExtensions
{
    /// <summary>Configuration section that <see cref="AddParcaeClient(IHostApplicationBuilder, Action{ParcaeClientOptions}?)"/> reads.</summary>
    public const string Section = "Parcae:Client";

    /// <summary>
    /// Adds an <see cref="IParcaeClient"/> that connects before the program's hosted services start and closes after they have stopped. Its options come from the configuration section
    /// <see cref="Section"/> (<c>Parcae__Client__Redis=host:6379</c> in the environment), then from <paramref name="configure"/>.
    /// </summary>
    /// <param name="builder">The program.</param>
    /// <param name="configure">Changes the options; null: as they are configured.</param>
    /// <returns>The program.</returns>
    /// <example>
    /// <code>
    /// var builder = Host.CreateApplicationBuilder(args);
    /// builder.AddParcaeClient(o => o.Redis = "redis:6379");
    /// builder.Services.AddHostedService&lt;Submitter&gt;(); // its constructor takes an IParcaeClient
    /// await builder.Build().RunAsync();
    /// </code>
    /// </example>
    public static IHostApplicationBuilder AddParcaeClient(this IHostApplicationBuilder builder, Action<ParcaeClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<ParcaeClientOptions>(builder.Configuration.GetSection(Section));
        builder.Services.AddParcaeClient(configure);
        return builder;
    }

    /// <summary>The same without configuration.</summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Changes the options; null: their default values.</param>
    /// <returns>The services.</returns>
    /// <remarks>
    /// Starting the host fails with <see cref="OptionsValidationException"/> when an option is not valid, and with <see cref="ParcaeUnavailableException"/> when no service is found within
    /// <see cref="ParcaeClientOptions.ConnectTimeout"/>.
    /// </remarks>
    /// <example>
    /// <code>
    /// services.AddParcaeClient(o => (o.Redis, o.ConnectTimeout) = ("redis:6379", TimeSpan.FromMinutes(1)));
    /// </code>
    /// </example>
    public static IServiceCollection AddParcaeClient(this IServiceCollection services, Action<ParcaeClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddOptions<ParcaeClientOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ParcaeClientOptions>, ParcaeClientOptionsValidator>());
        services.TryAddSingleton(provider => new ParcaeClient(provider.GetRequiredService<IOptions<ParcaeClientOptions>>().Value));
        services.TryAddSingleton<IParcaeClient>(provider => provider.GetRequiredService<ParcaeClient>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, Connecting>());
        return services;
    }

    /// <summary>Connects before any hosted service starts, and closes after all have stopped.</summary>
    private sealed class Connecting(ParcaeClient client) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => client.OpenAsync(cancellationToken);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task StoppedAsync(CancellationToken cancellationToken) => await client.DisposeAsync().ConfigureAwait(false);
    }
}
