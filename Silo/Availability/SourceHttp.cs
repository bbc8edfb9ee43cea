using System.Net;
using System.Net.Security;

namespace Parcae.Silo.Availability;

/// <summary>What the sources share in speaking HTTP.</summary>
internal static class SourceHttp
{
    /// <summary>A client that never goes through a proxy, as the answers are only right when they come from this machine's own surroundings; it follows no redirections, for the same reason.</summary>
    /// <param name="endpoint">Base address.</param>
    /// <param name="timeout">Longest wait for a connection; requests bring their own.</param>
    /// <param name="tls">How a server proves who it is, or null: as usual.</param>
    public static HttpClient Client(Uri endpoint, TimeSpan timeout, SslClientAuthenticationOptions? tls = null)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = timeout,
            // A metadata service may be replaced under its address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (tls is not null) handler.SslOptions = tls;
        return new HttpClient(handler)
        {
            BaseAddress = endpoint.AbsoluteUri.EndsWith('/') ? endpoint : new Uri(endpoint.AbsoluteUri + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = 1 << 20,
        };
    }

    /// <summary>Sends a request and reads its answer, both within a time.</summary>
    /// <exception cref="HttpRequestException">There was no answer.</exception>
    /// <exception cref="OperationCanceledException">There was none in time, or cancelled.</exception>
    public static async Task<Answer> SendAsync(this HttpClient client, HttpRequestMessage request, TimeSpan timeout, TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        using (request)
        {
            using var response = await client.SendAsync(request, either.Token);
            string body = await response.Content.ReadAsStringAsync(either.Token);
            return new Answer(response.StatusCode, body, response.Headers.Date ?? time.GetUtcNow(), Tag(response), First(response, "Metadata-Flavor"), First(response, Aws.ImdsToken.LifetimeHeader));
        }
    }

    private static string? First(HttpResponseMessage response, string header) => response.Headers.TryGetValues(header, out var values) ? values.FirstOrDefault() : null;

    // Google's tags are not quoted, which the typed header would not take.
    private static string? Tag(HttpResponseMessage response) => response.Headers.NonValidated.TryGetValues("ETag", out var values) ? values.FirstOrDefault() : null;
}

/// <summary>An answer of a source.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its content.</param>
/// <param name="At">When it was sent, by the clock of whoever sent it (its <c>Date</c>), else by ours.</param>
/// <param name="Tag">Its <c>ETag</c> as it stands, or null.</param>
/// <param name="Flavor">Its <c>Metadata-Flavor</c>, or null.</param>
/// <param name="TokenLifetime">The lifetime of the token in it, seconds, or null.</param>
internal sealed record Answer(HttpStatusCode Status, string Body, DateTimeOffset At, string? Tag, string? Flavor, string? TokenLifetime)
{
    /// <summary>Time from this answer to a time that it names: both by the same clock, so that it does not matter what ours says. Never negative.</summary>
    public TimeSpan Until(DateTimeOffset time) => time > At ? time - At : TimeSpan.Zero;

    /// <summary>Says what is wrong with it.</summary>
    public SourceException Unexpected(string question, string right) =>
        new($"'{question}' was answered with {(int)Status} {Status} '{(Body.Length > 200 ? Body[..200] + "..." : Body)}'; {right}");
}
