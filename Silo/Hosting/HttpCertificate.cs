using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parcae.Silo.Hosting;

/// <summary>The certificate of the HTTP port, from files as certificate authorities give them: PEM, the server's own first and those between it and the authority after it.</summary>
/// <param name="Own">The server's, with its key.</param>
/// <param name="Chain">All of the file.</param>
internal sealed record HttpCertificate(X509Certificate2 Own, X509Certificate2Collection Chain)
{
    private const string CertificateOption = "--http-certificate", KeyOption = "--http-key";

    /// <summary>Reads what the settings name; null: HTTP without TLS.</summary>
    /// <exception cref="UsageException">One of the files cannot be read, holds something else, or they do not belong together.</exception>
    public static HttpCertificate? Read(SiloSettings settings)
    {
        if ((settings.HttpCertificate, settings.HttpKey) is (null, null)) return null;
        if (settings.HttpCertificate is not { } certificate) throw new UsageException($"{KeyOption} {settings.HttpKey}: there is no certificate for it; {CertificateOption} must name its file.");
        string key = settings.HttpKey ?? certificate;
        string at = $"{CertificateOption} {certificate}";
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(File.ReadAllText(certificate));
            if (chain.Count == 0) throw new UsageException($"{at}: it holds no certificate; it must be a PEM file (BEGIN CERTIFICATE).");
            at = $"{KeyOption} {key}";
            var own = X509Certificate2.CreateFromPem(File.ReadAllText(certificate), File.ReadAllText(key));
            if (own.NotAfter < DateTime.Now) throw new UsageException($"{CertificateOption} {certificate}: it was valid until {own.NotAfter:yyyy-MM-dd}; a new one is needed.");
            return new HttpCertificate(own, chain);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new UsageException($"{at}: {e.Message}");
        }
    }
}
