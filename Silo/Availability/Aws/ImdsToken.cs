using System.Globalization;
using System.Net;

namespace Parcae.Silo.Availability.Aws;

/// <summary>The session token of the Instance Metadata Service, version 2: asked for when there is none, and anew when four fifths of its life are over or it was refused.</summary>
internal sealed class ImdsToken(HttpClient client, TimeSpan timeout, TimeProvider time)
{
    /// <summary>Says for how many seconds a token is wanted, and for how many it is given.</summary>
    public const string LifetimeHeader = "X-aws-ec2-metadata-token-ttl-seconds";

    private const string Path = "latest/api/token";
    private const int WantedSeconds = 21600;

    private string? _token;
    private long _askedAt;
    private TimeSpan _life;

    /// <summary>Forgets the token: it was refused.</summary>
    public void Forget() => _token = null;

    /// <summary>A token that is still good.</summary>
    /// <exception cref="SourceException">None is given.</exception>
    public async Task<string> GetAsync(CancellationToken cancellation)
    {
        if (_token is not null && time.GetElapsedTime(_askedAt) < 0.8 * _life) return _token;
        var request = new HttpRequestMessage(HttpMethod.Put, Path);
        request.Headers.Add(LifetimeHeader, WantedSeconds.ToString(CultureInfo.InvariantCulture));
        _askedAt = time.GetTimestamp();
        var answer = await client.SendAsync(request, timeout, time, cancellation);
        if (answer.Status == HttpStatusCode.Forbidden) throw answer.Unexpected($"PUT {Path}", "the instance's metadata service must be on (HttpEndpoint enabled)");
        if (answer.Status != HttpStatusCode.OK || answer.Body.Length == 0) throw answer.Unexpected($"PUT {Path}", "it must be 200 with a token");
        int seconds = int.TryParse(answer.TokenLifetime, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given > 0 ? given : WantedSeconds;
        (_token, _life) = (answer.Body, TimeSpan.FromSeconds(seconds));
        return _token;
    }
}
