using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Parcae.Grains.Security;

namespace Parcae.GpuWorker.Tests.Security;

/// <summary>A private authority, with files as <see cref="MutualTls"/> reads them in a folder of its own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly X509Certificate2 _root;

    public TestAuthority(string name = "Test authority")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(AuthorityFile, _root.ExportCertificatePem());
    }

    /// <summary>What tests that need no other share.</summary>
    public static TestAuthority Shared { get; } = TemporaryFolder.UntilTheEnd(new TestAuthority());

    /// <summary>The authority's certificate.</summary>
    public string AuthorityFile => Path.Combine(_folder.Path, "authority.pem");

    /// <summary>Issues a certificate.</summary>
    /// <param name="name">Whose.</param>
    /// <param name="notAfter">When it ends; null: in a day.</param>
    /// <param name="host">The name that it is good for; null: <paramref name="name"/>, and 127.0.0.1.</param>
    /// <param name="usage">Key usages; none: servers and clients.</param>
    /// <returns>Its files.</returns>
    public (string Certificate, string Key) Issue(string name, DateTimeOffset? notAfter = null, string? host = null, params string[] usage)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        var usages = new OidCollection();
        foreach (string oid in usage.Length > 0 ? usage : ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]) usages.Add(new Oid(oid));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host ?? name);
        if (host is null) names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-10), notAfter ?? DateTimeOffset.UtcNow.AddDays(1), RandomNumberGenerator.GetBytes(8));
        string file = Path.Combine(_folder.Path, $"{name}-{Guid.NewGuid():n}");
        File.WriteAllText(file + ".pem", certificate.ExportCertificatePem());
        File.WriteAllText(file + ".key", key.ExportPkcs8PrivateKeyPem());
        return (file + ".pem", file + ".key");
    }

    /// <summary>A member's identity.</summary>
    public MutualTls Member(string name = "member")
    {
        var (certificate, key) = Issue(name);
        return MutualTls.Read(certificate, key, AuthorityFile);
    }

    public void Dispose()
    {
        _root.Dispose();
        _folder.Dispose();
    }
}
