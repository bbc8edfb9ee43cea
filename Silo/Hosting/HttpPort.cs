using Microsoft.AspNetCore.Hosting;
using Parcae.Grains.Security;

namespace Parcae.Silo.Hosting;

/// <summary>The HTTP port of a silo, or of a process whose instance is away.</summary>
/// <param name="Host">The address that it binds to.</param>
/// <param name="Port">The port.</param>
/// <param name="Certificate">With which it speaks TLS and nothing else; null: no TLS.</param>
internal sealed record HttpPort(string Host, int Port, ServerCertificate? Certificate)
{
    private const string CertificateOption = "--http-certificate", KeyOption = "--http-key";

    /// <summary>The port that the settings ask for; null: none.</summary>
    /// <exception cref="UsageException">One of the files of the certificate cannot be read, holds something else, or they do not belong together.</exception>
    public static HttpPort? Of(SiloSettings settings) => settings.ActualHttpPort is { } port ? new(settings.HttpHost, port, ReadCertificate(settings)) : null;

    /// <summary>Has a web application listen on it.</summary>
    public void Bind(IWebHostBuilder web)
    {
        web.UseKestrelCore().UseUrls($"{(Certificate is null ? "http" : "https")}://{Host}:{Port}");
        if (Certificate is null) return;
        // It is put into the options of each handshake, as it may have been replaced; Kestrel must be told that there will be one.
        web.UseKestrelHttpsConfiguration().ConfigureKestrel(o => o.ConfigureHttpsDefaults(https => (https.ServerCertificateSelector, https.OnAuthenticate) = ((_, _) => null, (_, ssl) => Certificate.Apply(ssl))));
    }

    private static ServerCertificate? ReadCertificate(SiloSettings settings) => settings switch
    {
        { HttpCertificate: { } certificate } => UsageException.Of($"{CertificateOption}, {KeyOption}", () => ServerCertificate.Read(certificate, settings.HttpKey)),
        { HttpKey: { } key } => throw new UsageException($"{KeyOption} {key}: there is no certificate for it; {CertificateOption} must name its file."),
        _ => null,
    };
}
