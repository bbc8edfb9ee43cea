using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parcae.Silo.Tests.Redis;

/// <summary>A certificate authority of a test's own, which writes what it makes into a folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly string _folder, _name;
    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _own;

    public TestAuthority(string folder, string name)
    {
        (_folder, _name) = (folder, name);
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _own = request.CreateSelfSigned(DateTimeOffset.Now.AddDays(-10), DateTimeOffset.Now.AddDays(10));
        Certificate = Write($"{name}.crt", _own.ExportCertificatePem());
    }

    /// <summary>The file with its own certificate.</summary>
    public string Certificate { get; }

    /// <summary>Makes a certificate for 127.0.0.1, or for a name.</summary>
    public (string Certificate, string Key) Issue(string name, string? host = null, bool expired = false)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (host is null) names.AddIpAddress(IPAddress.Loopback);
        else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.Create(_own, DateTimeOffset.Now.AddDays(-5), DateTimeOffset.Now.AddDays(expired ? -1 : 5), RandomNumberGenerator.GetBytes(8));
        return (Write($"{_name}-{name}.crt", made.ExportCertificatePem()), Write($"{_name}-{name}.key", key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose()
    {
        _own.Dispose();
        _key.Dispose();
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
