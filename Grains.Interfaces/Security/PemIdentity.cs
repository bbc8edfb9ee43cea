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
        string text = FileProblems.Read(certificate);
        return Of(certificate, text, key, key is null ? text : FileProblems.Read(key));
    }

    /// <summary>What <see cref="Read"/> makes of the files' texts.</summary>
    internal static PemIdentity Of(string certificate, string text, string? key, string keyText)
    {
        var chain = CertificatesOf(certificate, text);
        X509Certificate2 own;
        try
        {
            own = X509Certificate2.CreateFromPem(text, keyText);
        }
        catch (Exception e) when (FileProblems.IsOne(e))
        {
            throw new InvalidDataException(FileProblems.Describe(key ?? certificate, e), e);
        }

        return own.NotAfter >= DateTime.Now ? new PemIdentity(own, chain) : throw new InvalidDataException($"{certificate}: it was valid until {own.NotAfter:yyyy-MM-dd}; a new one is needed");
    }

    /// <summary>Reads certificates alone, as those of authorities.</summary>
    /// <param name="file">A file with at least one.</param>
    /// <returns>Those of the file, in its order.</returns>
    /// <exception cref="InvalidDataException">The file cannot be read or holds something else; the message names it.</exception>
    public static X509Certificate2Collection ReadCertificates(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return CertificatesOf(file, FileProblems.Read(file));
    }

    /// <summary>What <see cref="ReadCertificates"/> makes of the file's text.</summary>
    internal static X509Certificate2Collection CertificatesOf(string file, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException(FileProblems.Describe(file, e), e);
        }

        return certificates.Count > 0 ? certificates : throw new InvalidDataException($"{file}: it holds no certificate; it must be a PEM file (BEGIN CERTIFICATE)");
    }
}
