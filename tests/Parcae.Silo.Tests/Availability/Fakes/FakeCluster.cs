using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>A Kubernetes API server with an authority of its own, and the folder of a pod's service account: 401 without the token that is good now, 403 for nodes where the account has no role.</summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    private readonly X509Certificate2 _authority = Authority();
    private readonly X509Certificate2 _certificate;
    private string _token = "";

    private FakeCluster() => _certificate = ServerCertificate();

    /// <summary>The pod's spec, status and the rest of its metadata.</summary>
    public string Metadata { get; set; } = "";

    /// <summary>Conditions of the pod.</summary>
    public string Conditions { get; set; } = "";

    /// <summary>Taints of its node.</summary>
    public string Taints { get; set; } = "";

    /// <summary>Whether the account may read nodes.</summary>
    public bool MayReadNodes { get; set; } = true;

    /// <summary>Folder of the service account.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("parcae-account-").FullName;

    /// <summary>The server.</summary>
    public FakeServer Server { get; private set; } = null!;

    /// <summary>Starts a cluster.</summary>
    public static async Task<FakeCluster> StartAsync()
    {
        var cluster = new FakeCluster();
        cluster.Server = await FakeServer.StartAsync(cluster.Answer, cluster._certificate);
        await File.WriteAllTextAsync(Path.Combine(cluster.Folder, "namespace"), "training");
        cluster.Trust(cluster._authority);
        cluster.RotateToken("token-1");
        return cluster;
    }

    /// <summary>Has the pod trust an authority.</summary>
    public void Trust(X509Certificate2 authority) => File.WriteAllText(Path.Combine(Folder, "ca.crt"), authority.ExportCertificatePem());

    /// <summary>A token takes the old one's place, in the file and in the server.</summary>
    public void RotateToken(string token)
    {
        _token = token;
        File.WriteAllText(Path.Combine(Folder, "token"), token + "\n");
    }

    /// <summary>An authority that can sign.</summary>
    public static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private X509Certificate2 ServerCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kube-apiserver", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var signed = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [1, 2, 3, 4]);
        using var withKey = signed.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    private Task Answer(HttpContext context)
    {
        (int status, string body) = context.Request.Path.Value switch
        {
            _ when context.Request.Headers.Authorization != $"Bearer {_token}" => (401, """{"kind": "Status", "reason": "Unauthorized"}"""),
            "/api/v1/namespaces/training/pods/worker-0" => (200, $$"""
                {"kind": "Pod", "metadata": {"name": "worker-0"{{Metadata}} }, "spec": {"nodeName": "node-a", "terminationGracePeriodSeconds": 45}, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}{{Conditions}}] } }
                """),
            "/api/v1/nodes/node-a" when !MayReadNodes => (403, """{"kind": "Status", "reason": "Forbidden"}"""),
            "/api/v1/nodes/node-a" => (200, $$"""{"kind": "Node", "metadata": {"name": "node-a"}, "spec": {"taints": [{{Taints}}] } }"""),
            _ => (404, """{"kind": "Status", "reason": "NotFound"}"""),
        };
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(body);
    }
}
