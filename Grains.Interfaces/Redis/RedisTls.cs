using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Parcae.Grains.Security;
using StackExchange.Redis;

namespace Parcae.Grains;

/// <summary>TLS to Redis: whom to trust, what to show, and in words why a certificate was not trusted.</summary>
internal sealed class RedisTls
{
    private X509Certificate2Collection? _authorities;
    private SslStreamCertificateContext? _own;
    private X509RevocationMode _revocation;
    private SslProtocols _protocols;
    private string? _host;

    /// <summary>Whether a certificate is shown.</summary>
    public bool HasCertificate => _own is not null;

    /// <summary>Why the last certificate was not trusted; null: it was.</summary>
    public string? Distrust { get; private set; }

    /// <summary>Reads the files.</summary>
    /// <exception cref="RedisSettingException">One of them cannot be used.</exception>
    public static RedisTls Read(RedisConnection connection, ConfigurationOptions options)
    {
        var tls = new RedisTls { _protocols = options.SslProtocols ?? SslProtocols.None, _host = options.SslHost, _revocation = options.CheckCertificateRevocation ? X509RevocationMode.Online : X509RevocationMode.NoCheck };
        if (connection.Ca is { } authority) tls._authorities = Read(_ => nameof(RedisConnection.Ca), () => PemIdentity.ReadCertificates(authority));
        if (connection.Certificate is not { } certificate) return tls;
        var own = Read(e => e.Message.StartsWith(certificate, StringComparison.Ordinal) ? nameof(RedisConnection.Certificate) : nameof(RedisConnection.Key), () => PemIdentity.Read(certificate, connection.Key));
        tls._own = SslStreamCertificateContext.Create(own.Own, own.Chain, offline: true);
        return tls;
    }

    /// <summary>What is asked of a host.</summary>
    public SslClientAuthenticationOptions For(string host) => new()
    {
        TargetHost = string.IsNullOrEmpty(_host) ? host : _host,
        EnabledSslProtocols = _protocols,
        ClientCertificateContext = _own,
        CertificateChainPolicy = Policy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
        {
            Distrust = errors == SslPolicyErrors.None ? null : Why((X509Certificate2?)certificate, chain, errors);
            return Distrust is null;
        },
    };

    private X509ChainPolicy Policy()
    {
        // A private authority seldom says over the network what it has revoked.
        var policy = new X509ChainPolicy { RevocationMode = _authorities is null ? _revocation : X509RevocationMode.NoCheck };
        if (_authorities is null) return policy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    private string Why(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) return "it shows no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return $"its certificate ({certificate.Subject}) is for other names than the one that it is called by here";
        var found = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, s) => all | s.Status) ?? X509ChainStatusFlags.NoError;
        if (found.HasFlag(X509ChainStatusFlags.NotTimeValid)) return $"its certificate ({certificate.Subject}), or that of its authority, has expired or is not valid yet: it is valid from {certificate.NotBefore:u} to {certificate.NotAfter:u}";
        if ((found & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
            return $"its certificate ({certificate.Subject}) is of an authority that is not trusted: {(_authorities is null ? "a private one has to be named" : "it is none of those that were named")}";
        return $"its certificate ({certificate.Subject}) is not to be trusted: {found}";
    }

    private static T Read<T>(Func<InvalidDataException, string> setting, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new RedisSettingException(setting(e), e.Message);
        }
    }
}
