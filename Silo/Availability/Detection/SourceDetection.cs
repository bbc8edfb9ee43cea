using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.Silo.Availability.Aws;
using Parcae.Silo.Availability.Azure;
using Parcae.Silo.Availability.Google;
using Parcae.Silo.Availability.Kubernetes;

namespace Parcae.Silo.Availability.Detection;

/// <summary>
/// Finds out which sources this instance has. The machine's own strings decide where they can, and then nothing is sent; only a machine that does not say what it is (or a metadata endpoint that was named) is asked, all clouds at once.
/// </summary>
internal sealed partial class SourceDetection(IServiceProvider services, IOptions<AvailabilityOptions> options, TimeProvider time, ILogger<SourceDetection> logger)
{
    private delegate Task<bool> Probe(AvailabilityOptions options, TimeProvider time, CancellationToken cancellation);

    private static readonly (string Name, Cloud Cloud, Probe Probe)[] Clouds =
    [
        (AwsSource.SourceName, Cloud.Aws, AwsSource.AnswersAsync),
        (AzureSource.SourceName, Cloud.Azure, AzureSource.AnswersAsync),
        (GoogleSource.SourceName, Cloud.Google, GoogleSource.AnswersAsync),
    ];

    /// <summary>The names of all sources.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Clouds.Select(c => c.Name), KubernetesSource.SourceName];

    /// <summary>The sources that the options name, or that are found.</summary>
    public async Task<IReadOnlyList<IAvailabilitySource>> FindAsync(CancellationToken cancellation)
    {
        var names = options.Value.Sources switch
        {
            AvailabilityOptions.None => [],
            AvailabilityOptions.Auto => await DetectAsync(cancellation),
            var given => given.Split(',').Distinct(StringComparer.Ordinal).ToArray(),
        };
        LogSources(names.Length == 0 ? "none" : string.Join(", ", names), options.Value.Sources);
        return [.. names.Select(name => services.GetRequiredKeyedService<IAvailabilitySource>(name))];
    }

    private async Task<string[]> DetectAsync(CancellationToken cancellation)
    {
        var machine = Machine.Identify(options.Value.MachineFolder);
        string[] clouds = machine == Cloud.Unknown || options.Value.MetadataEndpoint is not null
            ? await AskAllAsync(cancellation)
            : [.. Clouds.Where(c => c.Cloud == machine).Select(c => c.Name)];
        return KubernetesApi.IsHere(options.Value) ? [.. clouds, KubernetesSource.SourceName] : clouds;
    }

    private async Task<string[]> AskAllAsync(CancellationToken cancellation)
    {
        bool[] there = await Task.WhenAll(Clouds.Select(c => AnswersAsync(c.Name, c.Probe, cancellation)));
        return [.. Clouds.Zip(there).Where(c => c.Second).Select(c => c.First.Name)];
    }

    private async Task<bool> AnswersAsync(string name, Probe probe, CancellationToken cancellation)
    {
        try
        {
            return await probe(options.Value, time, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is SourceException or HttpRequestException or OperationCanceledException)
        {
            LogAbsent(name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Availability sources: {Sources} (asked for: {Asked}).")]
    private partial void LogSources(string sources, string asked);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Availability source {Source} is not here: {Answer}")]
    private partial void LogAbsent(string source, string answer);
}
