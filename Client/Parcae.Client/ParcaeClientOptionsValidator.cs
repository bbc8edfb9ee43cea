using Microsoft.Extensions.Options;

using Parcae.Grains;

namespace Parcae.Client;

/// <summary>Says what is wrong with a client's options, each by its name, with the value and what would be right.</summary>
internal sealed class ParcaeClientOptionsValidator : IValidateOptions<ParcaeClientOptions>
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10), Longest = TimeSpan.FromDays(1);

    /// <summary>Every problem; empty when the options are good.</summary>
    public static IReadOnlyList<string> Problems(ParcaeClientOptions options)
    {
        var problems = new List<string>();
        void Text(string name, string? value)
        {
            if (string.IsNullOrWhiteSpace(value)) problems.Add($"{name}: '{value}' is not valid; it must be a non-empty text.");
        }

        void Span(string name, TimeSpan value, TimeSpan least)
        {
            if (value < least || value > Longest) problems.Add($"{name}: {value} is not valid; it must be from {least} to {Longest}.");
        }

        if (TlsProblem(options) is { } tls) problems.Add(tls);
        Text(nameof(options.ClusterId), options.ClusterId);
        Text(nameof(options.ServiceId), options.ServiceId);
        Span(nameof(options.ConnectTimeout), options.ConnectTimeout, TimeSpan.Zero);
        Span(nameof(options.ResponseTimeout), options.ResponseTimeout, Least);
        Span(nameof(options.RetryFor), options.RetryFor, TimeSpan.Zero);
        Span(nameof(options.GatewayRefresh), options.GatewayRefresh, Least);
        if (options.TimeProvider is null) problems.Add($"{nameof(options.TimeProvider)}: null is not valid; it must be a clock.");
        Text(nameof(options.Redis), options.Redis);
        if (!string.IsNullOrWhiteSpace(options.Redis) && RedisProblem(options) is { } problem) problems.Add(problem);
        return problems;
    }

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, ParcaeClientOptions options) => Problems(options) is { Count: > 0 } problems ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;

    private static string? TlsProblem(ParcaeClientOptions options)
    {
        if (options is { TlsCertificate: null, TlsKey: null, TlsAuthority: null }) return null;
        if (options.TlsCertificate is null || options.TlsAuthority is null)
            return $"{nameof(options.TlsCertificate)}, {nameof(options.TlsAuthority)}: '{options.TlsCertificate}' and '{options.TlsAuthority}' are not valid; both must name a file, or neither.";
        try
        {
            _ = ClientConnection.ReadTls(options);
            return null;
        }
        catch (InvalidDataException e)
        {
            return $"{nameof(options.TlsCertificate)}, {nameof(options.TlsKey)}, {nameof(options.TlsAuthority)}: {e.Message}";
        }
    }

    private static string? RedisProblem(ParcaeClientOptions options)
    {
        try
        {
            _ = options.RedisConnection.ToOptions();
            return null;
        }
        catch (RedisSettingException e)
        {
            return $"{nameof(options.Redis)}{e.Setting}: {e.Message}";
        }
    }
}
