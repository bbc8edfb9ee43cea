using System.CommandLine;

using Parcae.Client;

namespace Parcae.Cli.Commands;

/// <summary>Options that say which service is meant, for verbs that talk to a running one.</summary>
internal sealed class ServiceOptions
{
    private readonly Option<string> _redis = new("--redis")
    {
        Description = "The Redis that the service's silos meet in.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => new ParcaeClientOptions().Redis,
    };

    private readonly Option<string> _cluster = new("--cluster-id")
    {
        Description = "Orleans cluster id of the service.",
        HelpName = "ID",
        DefaultValueFactory = _ => new ParcaeClientOptions().ClusterId,
    };

    private readonly Option<string> _service = new("--service-id")
    {
        Description = "Orleans service id of the service.",
        HelpName = "ID",
        DefaultValueFactory = _ => new ParcaeClientOptions().ServiceId,
    };

    private readonly Option<TimeSpan?> _timeout = Values.Seconds("--timeout", "How long to look for the service. Default: 10.",
        TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));

    /// <summary>Whether the result is wanted as JSON.</summary>
    public Option<bool> Json { get; } = new("--json") { Description = "Print one JSON document on standard output and nothing else." };

    /// <summary>Adds the options to a verb.</summary>
    public Command AddTo(Command command)
    {
        foreach (var option in (Option[])[_redis, _cluster, _service, _timeout, Json]) command.Options.Add(option);
        return command;
    }

    /// <summary>Connects to the service that is meant.</summary>
    public async Task<ParcaeClient> ConnectAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var timeout = parsed.GetValue(_timeout) ?? TimeSpan.FromSeconds(10);
        try
        {
            return await ParcaeClient.ConnectAsync(
                new ParcaeClientOptions
                {
                    Redis = parsed.GetValue(_redis)!,
                    ClusterId = parsed.GetValue(_cluster)!,
                    ServiceId = parsed.GetValue(_service)!,
                    ConnectTimeout = timeout,
                    RetryFor = timeout,
                },
                cancellation).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--redis: {e.Message}");
        }
    }
}
