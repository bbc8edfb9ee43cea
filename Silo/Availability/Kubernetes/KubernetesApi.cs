using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Parcae.Silo.Availability.Kubernetes;

/// <summary>
/// The Kubernetes API as a pod reaches it with its service account. The token's file is read for every question, as it is replaced about every hour; the authority's when the client is made.
/// </summary>
internal sealed class KubernetesApi
{
    private readonly AvailabilityOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    /// <summary>Reads what the pod is given.</summary>
    /// <exception cref="SourceException">This is no pod, or what it is given is not what it should be.</exception>
    /// <exception cref="IOException">A file of the service account cannot be read.</exception>
    public KubernetesApi(AvailabilityOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        var endpoint = Endpoint(options) ?? throw new SourceException("KUBERNETES_SERVICE_HOST is not set; it must be the address of the Kubernetes API, as in every pod");
        SslClientAuthenticationOptions? tls = null;
        if (endpoint.Scheme == Uri.UriSchemeHttps)
        {
            var authority = ReadAuthority(Path.Combine(options.ServiceAccount, "ca.crt"));
            // The cluster's own authority and no other: no certificate of the outside world may speak for it.
            var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            chain.CustomTrustStore.AddRange(authority);
            tls = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        }

        _client = SourceHttp.Client(endpoint, options.RequestTimeout, tls);
        Namespace = ReadFile("namespace");
    }

    /// <summary>The pod's namespace.</summary>
    public string Namespace { get; }

    /// <summary>Whether this is a pod with a service account.</summary>
    public static bool IsHere(AvailabilityOptions options) => Endpoint(options) is not null && File.Exists(Path.Combine(options.ServiceAccount, "token"));

    /// <summary>Asks for an object as the server's cache has it, which costs the cluster's store nothing.</summary>
    /// <param name="path">Its path, without a slash at the beginning.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<Answer> GetAsync(string path, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?resourceVersion=0");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ReadFile("token"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        return _client.SendAsync(request, _options.RequestTimeout, _time, cancellation);
    }

    private static X509Certificate2Collection ReadAuthority(string path)
    {
        var authority = new X509Certificate2Collection();
        try
        {
            authority.ImportFromPemFile(path);
        }
        catch (CryptographicException e)
        {
            throw new SourceException($"'{path}' must hold certificates in PEM: {e.Message}");
        }

        return authority;
    }

    private string ReadFile(string name) => File.ReadAllText(Path.Combine(_options.ServiceAccount, name)).Trim();

    private static Uri? Endpoint(AvailabilityOptions options)
    {
        if (options.KubernetesEndpoint is { } given) return given;
        if (options.Variable("KUBERNETES_SERVICE_HOST") is not { Length: > 0 } host) return null;
        string port = options.Variable("KUBERNETES_SERVICE_PORT_HTTPS") ?? options.Variable("KUBERNETES_SERVICE_PORT") ?? "443";
        return new Uri($"https://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{port}/");
    }
}
