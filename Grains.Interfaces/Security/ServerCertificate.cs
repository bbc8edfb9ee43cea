using System.Net.Security;

namespace Parcae.Grains.Security;

/// <summary>The certificate that a server shows to whoever asks. Its files are looked at again by each handshake, at most every ten seconds, so that they can be replaced while the server runs.</summary>
public sealed class ServerCertificate
{
    private readonly RereadFiles<SslStreamCertificateContext> _files;

    private ServerCertificate(string certificate, string? key, TimeProvider time) => _files = new(
        [certificate, key ?? certificate],
        texts =>
        {
            var identity = PemIdentity.Of(certificate, texts[0], key, texts[1]);
            return SslStreamCertificateContext.Create(identity.Own, identity.Chain, offline: true);
        },
        time);

    /// <summary>Why the files could not be read again; null: they are good, and in use.</summary>
    public string? Problem => _files.Problem;

    /// <summary>When the certificate ends.</summary>
    public DateTimeOffset NotAfter => _files.Current.TargetCertificate.NotAfter;

    /// <summary>Reads the files.</summary>
    /// <param name="certificate">PEM: the certificate, then those between it and its authority.</param>
    /// <param name="key">PEM: its key, without a password; null: it is in the same file.</param>
    /// <param name="time">The clock by which files are read again; null: the system's.</param>
    /// <returns>The certificate.</returns>
    /// <exception cref="InvalidDataException">One of the files cannot be read or holds something else, they do not belong together, or the certificate has expired; the message names the file.</exception>
    public static ServerCertificate Read(string certificate, string? key, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        return new ServerCertificate(certificate, key, time ?? TimeProvider.System);
    }

    /// <summary>Has a server show it.</summary>
    /// <param name="options">The options of a handshake.</param>
    public void Apply(SslServerAuthenticationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (options.ServerCertificateContext, options.ServerCertificate, options.ServerCertificateSelectionCallback) = (_files.Current, null, null);
    }
}
