using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parcae.Grains.Security;

/// <summary>A certificate with its key, and those between it and its authority, from files as certificate authorities give them (PEM).</summary>
public sealed class PemIdentity
{
    private PemIdentity(X509Certificate2 own, X509Certificate2Collection chain) => (Own, Chain) = (own, chain);

    /// <summary>The certificate, with its key.</summary>
    public X509Certificate2 Own { get; }

    /// <summary>All certificates of the file, the own one first.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>Reads a certificate and its key.</summary>
    /// <param name="certificate">A file: the certificate, then those between it and its authority.</param>
    /// <param name="key">A file with the key, without a password; null: it is in the same file.</param>
    /// <returns>Both.</returns>
    /// <exception cref="InvalidDataException">One of the files cannot be read or holds something else, they do not belong together, or the certificate has expired; the message names the file.</exception>
    public static PemIdentity Read(string certificate, string? key)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        string at = certificate;
        try
        {
            string text = File.ReadAllText(certificate);
            var chain = ReadCertificates(certificate, text);
            at = key ?? certificate;
            var own = X509Certificate2.CreateFromPem(text, key is null ? text : File.ReadAllText(key));
            if (own.NotAfter < DateTime.Now) throw new InvalidDataException($"{certificate}: it was valid until {own.NotAfter:yyyy-MM-dd}; a new one is needed.");
            return new PemIdentity(own, chain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"{at}: {e.Message}", e);
        }
    }

    /// <summary>Reads certificates alone, as those of authorities.</summary>
    /// <param name="file">A file with at least one.</param>
    /// <returns>Those of the file, in its order.</returns>
    /// <exception cref="InvalidDataException">The file cannot be read or holds something else; the message names it.</exception>
    public static X509Certificate2Collection ReadCertificates(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return ReadCertificates(file, File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new InvalidDataException($"{file}: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection ReadCertificates(string file, string text)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        return certificates.Count > 0 ? certificates : throw new InvalidDataException($"{file}: it holds no certificate; it must be a PEM file (BEGIN CERTIFICATE).");
    }
}
