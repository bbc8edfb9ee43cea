using System.CommandLine;

using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Commands;

/// <summary>Options that say which service is meant, for verbs that talk to a running one.</summary>
internal sealed class ServiceOptions(CommandContext context)
{
    private readonly Option<string> _redis = new("--redis")
    {
        Description = $"The Redis that the service's silos meet in. Also {Variable("--redis")}.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => FromEnvironment("--redis") ?? new ParcaeClientOptions().Redis,
    };

    private readonly Option<string?> _redisPasswordFile = File("--redis-password-file", "A file with the password of Redis.");

    private readonly Option<string?> _redisCa = File("--redis-ca", "A PEM file with the authority of Redis' certificate; then TLS is spoken.");

    private readonly Option<string?> _redisCertificate = File("--redis-certificate", "A PEM file with a certificate to show to Redis; then TLS is spoken.");

    private readonly Option<string?> _redisKey = File("--redis-key", "A PEM file with the key of that certificate; default: in the same file.");

    private readonly Option<string?> _tlsCertificate = File("--tls-certificate", "Of a service that speaks TLS: a certificate of its authority (PEM).");

    private readonly Option<string?> _tlsKey = File("--tls-key", "The key of that certificate (PEM); default: in the same file.");

    private readonly Option<string?> _tlsAuthority = File("--tls-authority", "The certificate of the service's authority (PEM).");

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

    /// <summary>A fleet by its name.</summary>
    public static Option<string> Fleet() => new("--fleet") { Description = "The fleet.", HelpName = "NAME", DefaultValueFactory = _ => ParcaeNames.DefaultFleet };

    /// <summary>Adds the options to a verb.</summary>
    public Command AddTo(Command command)
    {
        foreach (var option in (Option[])[_redis, _redisPasswordFile, _redisCa, _redisCertificate, _redisKey, _cluster, _service, _tlsCertificate, _tlsKey, _tlsAuthority, _timeout, Json]) command.Options.Add(option);
        return command;
    }

    /// <summary>The Redis that is meant.</summary>
    public RedisConnection Redis(ParseResult parsed) => new()
    {
        Address = parsed.GetValue(_redis)!,
        PasswordFile = parsed.GetValue(_redisPasswordFile),
        Ca = parsed.GetValue(_redisCa),
        Certificate = parsed.GetValue(_redisCertificate),
        Key = parsed.GetValue(_redisKey),
    };

    /// <summary>The service that is meant.</summary>
    public string ServiceId(ParseResult parsed) => parsed.GetValue(_service)!;

    /// <summary>Connects to the service that is meant.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="cancellation">Ends the attempts.</param>
    /// <param name="retryFor">How long one call is repeated; null: as long as the service is looked for.</param>
    public async Task<IParcaeClient> ConnectAsync(ParseResult parsed, CancellationToken cancellation, TimeSpan? retryFor = null)
    {
        var timeout = parsed.GetValue(_timeout) ?? TimeSpan.FromSeconds(10);
        try
        {
            return await context.Connect(
                new ParcaeClientOptions
                {
                    Redis = parsed.GetValue(_redis)!,
                    TlsCertificate = parsed.GetValue(_tlsCertificate),
                    TlsKey = parsed.GetValue(_tlsKey),
                    TlsAuthority = parsed.GetValue(_tlsAuthority),
                    RedisPasswordFile = parsed.GetValue(_redisPasswordFile),
                    RedisCa = parsed.GetValue(_redisCa),
                    RedisCertificate = parsed.GetValue(_redisCertificate),
                    RedisKey = parsed.GetValue(_redisKey),
                    ClusterId = parsed.GetValue(_cluster)!,
                    ServiceId = parsed.GetValue(_service)!,
                    ConnectTimeout = timeout,
                    RetryFor = retryFor ?? timeout,
                },
                cancellation).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(Typed(e.Message.Split(" (Parameter", 2)[0]));
        }
    }

    /// <summary>A file whose name may also come from the environment.</summary>
    private static Option<string?> File(string name, string description) => new(name)
    {
        Description = $"{description} Also {Variable(name)}.",
        HelpName = "FILE",
        DefaultValueFactory = _ => FromEnvironment(name),
    };

    /// <summary>The variable of an option, the same that silos read: <c>PARCAE_TLS_KEY</c> for <c>--tls-key</c>.</summary>
    private static string Variable(string name) => "PARCAE" + name[1..].Replace('-', '_').ToUpperInvariant();

    private static string? FromEnvironment(string name) => Environment.GetEnvironmentVariable(Variable(name)) is { Length: > 0 } value ? value : null;

    /// <summary>A problem of the client's options, by the names that were typed.</summary>
    private static string Typed(string problem) => problem
        .Replace($"{nameof(ParcaeClientOptions.TlsCertificate)}, ", "--tls-certificate, ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.TlsKey)}, ", "--tls-key, ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.TlsAuthority)}: ", "--tls-authority: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.Redis)}: ", "--redis: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.RedisPasswordFile)}: ", "--redis-password-file: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.RedisCa)}: ", "--redis-ca: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.RedisCertificate)}: ", "--redis-certificate: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.RedisKey)}: ", "--redis-key: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.ClusterId)}: ", "--cluster-id: ", StringComparison.Ordinal)
        .Replace($"{nameof(ParcaeClientOptions.ServiceId)}: ", "--service-id: ", StringComparison.Ordinal);
}
