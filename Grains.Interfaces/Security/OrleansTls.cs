using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Orleans.Connections.Security;

namespace Parcae.Grains.Security;

/// <summary>Orleans' own connections, between silos and from clients to silos, by <see cref="MutualTls"/>.</summary>
public static class OrleansTls
{
    /// <summary>Has both sides of every connection show a certificate of the authority.</summary>
    /// <param name="tls">The identity.</param>
    /// <param name="options">What <c>UseTls</c> of a silo or a client configures.</param>
    public static void Apply(this MutualTls tls, TlsOptions options)
    {
        ArgumentNullException.ThrowIfNull(tls);
        ArgumentNullException.ThrowIfNull(options);
        // Certificates are put into the options of each handshake, as they may have been replaced; Orleans must be told that there will be one.
        options.LocalServerCertificateSelector = (_, _) => null!;
        (options.RemoteCertificateMode, options.ClientCertificateMode) = (RemoteCertificateMode.RequireCertificate, RemoteCertificateMode.NoCertificate);
        options.RemoteCertificateValidation = (_, _, errors) => MutualTls.Accepts(errors);
        options.OnAuthenticateAsServer = (_, ssl) => tls.Apply((SslServerAuthenticationOptions)ssl.SslServerAuthenticationOptions);
        options.OnAuthenticateAsClient = (connection, ssl) => tls.Apply((SslClientAuthenticationOptions)ssl.SslClientAuthenticationOptions, HostOf(connection));
    }

    private static string HostOf(ConnectionContext connection) => (connection.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "silo";
}
