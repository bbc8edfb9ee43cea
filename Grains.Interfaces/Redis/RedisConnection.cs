using System.Text.RegularExpressions;
using Parcae.Grains.Security;
using StackExchange.Redis;

namespace Parcae.Grains;

/// <summary>
/// How silos, the SDK and the command get to the service's Redis: all of them make their connections from this. Files are read when the options are made; passwords are in no message of this class.
/// </summary>
public sealed partial record RedisConnection
{
    /// <summary>What stands for a password in messages.</summary>
    private const string Hidden = "*****";

    /// <summary><c>host:port</c>, or a full StackExchange.Redis configuration: <c>host:port,user=parcae,ssl=true</c>. The default value is <c>127.0.0.1:6379</c>.</summary>
    public string Address { get; init; } = "127.0.0.1:6379";

    /// <summary>A file with the password and nothing else but the end of its line. The default value is null: the address has it, or there is none.</summary>
    public string? PasswordFile { get; init; }

    /// <summary>A PEM file with the authorities of Redis' certificate: it must be of one of them, and TLS is spoken. The default value is null: those that this machine trusts.</summary>
    public string? Ca { get; init; }

    /// <summary>A PEM file with the certificate that is shown to Redis, and those between it and its authority; TLS is spoken. The default value is null: none.</summary>
    public string? Certificate { get; init; }

    /// <summary>A PEM file with the key of that certificate, without a password. The default value is null: the key is in the same file.</summary>
    public string? Key { get; init; }

    /// <summary>An address as it may be shown and logged: whatever follows a password is hidden with it, as it may be a part of it.</summary>
    public static string Shown(string? address) => Secret().Replace(address ?? "", $"$1{Hidden}");

    /// <summary>The options of a connection, other than how patiently it is made.</summary>
    /// <exception cref="RedisSettingException">One of them cannot be used; it says which, and what would be right.</exception>
    public ConfigurationOptions ToOptions()
    {
        var options = Parse();
        if (PasswordFile is not null)
        {
            if (!string.IsNullOrEmpty(options.Password)) throw new RedisSettingException(nameof(PasswordFile), $"{PasswordFile}: the address has a password too; it must be in one place only");
            options.Password = ReadPassword(PasswordFile);
        }

        // What the library asks and says for itself and nobody here needs: so the service's user in Redis needs no right to it.
        (options.TieBreaker, options.ConfigurationChannel, options.SetClientLibrary) = ("", "", false);
        options.Ssl |= Ca is not null || Certificate is not null;
        if (Tls(options) is { } tls) options.SslClientAuthenticationOptions = tls.For;
        return options;
    }

    /// <summary>Asks each of the addresses once whether it takes this connection. Says nothing of one that does not answer: it may be there later.</summary>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>What seems wrong and may pass; null: nothing.</returns>
    /// <exception cref="RedisSettingException">One of the settings cannot be used.</exception>
    /// <exception cref="RedisRefusedException">It answers and refuses, or its certificate is not to be trusted: trying again would not help.</exception>
    public async Task<string?> CheckAsync(CancellationToken cancellation = default)
    {
        var options = ToOptions();
        // Sentinels have passwords of their own and say themselves where Redis is.
        if (options.ServiceName is not null) return null;
        string? doubt = null;
        foreach (var address in options.EndPoints)
        {
            if (await RedisProbe.TroubleAsync(address, options, Tls(options), cancellation).ConfigureAwait(false) is not { } trouble) continue;
            doubt = $"Redis at {Shown(Address)}: {trouble.What}";
            if (trouble.ForGood) throw new RedisRefusedException(doubt);
        }

        return doubt;
    }

    /// <inheritdoc/>
    public override string ToString() => Shown(Address);

    internal RedisTls? Tls(ConfigurationOptions options)
    {
        if (Key is not null && Certificate is null) throw new RedisSettingException(nameof(Key), $"{Key}: there is no certificate for it");
        return options.Ssl ? RedisTls.Read(this, options) : null;
    }

    private ConfigurationOptions Parse()
    {
        try
        {
            return ConfigurationOptions.Parse(string.IsNullOrWhiteSpace(Address) ? throw new ArgumentException("it is empty") : Address);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            string why = Secret().IsMatch(Address) ? "a part of it is not known; a password with a comma in it must be in a file of its own" : e.Message.Split(" (Parameter", 2)[0].TrimEnd('.');
            throw new RedisSettingException("", $"'{Shown(Address)}' is not a Redis address: {why}. It must be host:port, like 127.0.0.1:6379.");
        }
    }

    private static string ReadPassword(string file)
    {
        string text;
        try
        {
            text = FileProblems.Read(file);
        }
        catch (InvalidDataException e)
        {
            throw new RedisSettingException(nameof(PasswordFile), e.Message);
        }

        string password = text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
        if (password.Length == 0 || password.AsSpan().ContainsAny('\n', '\r')) throw new RedisSettingException(nameof(PasswordFile), $"{file}: it must hold the password on one line and nothing else");
        return password;
    }

    [GeneratedRegex(@"(password\s*=).*", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Secret();
}
