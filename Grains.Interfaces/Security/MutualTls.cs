using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Parcae.Grains.Security;

/// <summary>
/// TLS 1.3 in which both sides show a certificate of one private authority: how silos, workers and clients of a service speak with each other. Whoever has one is a member; names in it are not compared with
/// addresses, as those of preemptible instances are not known beforehand. The files are looked at again by each handshake, at most every ten seconds, so that certificates can be replaced while the service runs.
/// </summary>
public sealed class MutualTls
{
    private readonly RereadFiles<Files> _files;

    private MutualTls(string certificate, string? key, string authority, TimeProvider time) =>
        _files = new([certificate, key ?? certificate, authority], texts => Make(certificate, key, authority, texts), time);

    /// <summary>Why the files could not be read again; null: they are good, and in use.</summary>
    public string? Problem => _files.Problem;

    /// <summary>When the own certificate ends.</summary>
    public DateTimeOffset NotAfter => _files.Current.Own.TargetCertificate.NotAfter;

    /// <summary>Reads the files.</summary>
    /// <param name="certificate">PEM: the own certificate, good for servers and for clients, then those between it and the authority.</param>
    /// <param name="key">PEM: its key, without a password; null: it is in the same file.</param>
    /// <param name="authority">PEM: the certificates of the authorities whose certificates are accepted; two while one replaces the other.</param>
    /// <param name="time">The clock by which files are read again; null: the system's.</param>
    /// <returns>The identity.</returns>
    /// <exception cref="InvalidDataException">A file cannot be read, holds something else, or the certificate has expired or is none of the authority; the message names the file.</exception>
    public static MutualTls Read(string certificate, string? key, string authority, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(authority);
        return new MutualTls(certificate, key, authority, time ?? TimeProvider.System);
    }

    /// <summary>Has a server show its certificate, and ask for one. The verdict on it (<see cref="Accepts"/>) is to be asked for by the stream's callback.</summary>
    /// <param name="options">The options of the server's side.</param>
    public void Apply(SslServerAuthenticationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var files = _files.Current;
        (options.ServerCertificateContext, options.ServerCertificate, options.ServerCertificateSelectionCallback) = (files.Own, null, null);
        options.ClientCertificateRequired = true;
        // Without a resumption there are no tickets either: nothing comes that the protocol above did not send.
        (options.EnabledSslProtocols, options.AllowTlsResume, options.AllowRenegotiation) = (SslProtocols.Tls13, false, false);
        options.CertificateChainPolicy = files.Policy();
    }

    /// <summary>Has a client show its certificate. The verdict on the server's (<see cref="Accepts"/>) is to be asked for by the stream's callback.</summary>
    /// <param name="options">The options of the client's side.</param>
    /// <param name="host">Name or address of the server.</param>
    public void Apply(SslClientAuthenticationOptions options, string host)
    {
        ArgumentNullException.ThrowIfNull(options);
        var files = _files.Current;
        (options.ClientCertificateContext, options.ClientCertificates, options.LocalCertificateSelectionCallback) = (files.Own, null, null);
        options.TargetHost = host;
        (options.EnabledSslProtocols, options.AllowTlsResume, options.AllowRenegotiation) = (SslProtocols.Tls13, false, false);
        options.CertificateChainPolicy = files.Policy();
    }

    /// <summary>Whether a peer is a member, by what was wrong with its certificate when it was held against the authority.</summary>
    /// <param name="errors">What was wrong.</param>
    public static bool Accepts(SslPolicyErrors errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;

    private static Files Make(string certificate, string? key, string authority, string[] texts)
    {
        var identity = PemIdentity.Of(certificate, texts[0], key, texts[1]);
        var files = new Files(identity, PemIdentity.CertificatesOf(authority, texts[2]));
        using var chain = new X509Chain { ChainPolicy = files.Policy() };
        chain.ChainPolicy.ExtraStore.AddRange(identity.Chain);
        if (!chain.Build(identity.Own))
            throw new InvalidDataException($"{certificate}: it is no valid certificate of the authority in {authority}: {string.Join(' ', chain.ChainStatus.Select(s => s.StatusInformation.Trim()).Distinct())}");
        return files;
    }

    private sealed class Files(PemIdentity identity, X509Certificate2Collection authorities)
    {
        public SslStreamCertificateContext Own { get; } = SslStreamCertificateContext.Create(identity.Own, identity.Chain, offline: true);

        public X509ChainPolicy Policy()
        {
            // Of a private authority there is no list of certificates that were taken back: replace the authority.
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
            policy.CustomTrustStore.AddRange(authorities);
            return policy;
        }
    }
}
