using System.Net;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Google;

/// <summary>One value of the metadata server, waited for with requests that are answered when it changes.</summary>
/// <param name="key">Its name under <c>instance/</c>.</param>
/// <param name="meaning">What it says: a notice or nothing. Throws <see cref="SourceException"/> for a value that is not documented.</param>
/// <param name="options">The options.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class GoogleValue(string key, Func<string, AvailabilityNotice?> meaning, AvailabilityOptions options, TimeProvider time, ILogger logger)
    : PolledSource(options, time, logger)
{
    /// <summary>Whom the answers must be from.</summary>
    public const string Flavor = "Google";

    /// <summary>How long the server may keep a request: shorter than what firewalls on the way forget idle connections after.</summary>
    private const int WaitSeconds = 60;

    private TimeSpan LongEnough => TimeSpan.FromSeconds(Math.Min(Options.Interval.TotalSeconds, WaitSeconds / 2));

    private readonly HttpClient _client = SourceHttp.Client(options.Metadata, options.RequestTimeout);
    private string? _tag;
    private bool _waited;

    /// <inheritdoc/>
    public override string Name => $"{GoogleSource.SourceName} {key}";

    /// <summary>None after an answer that was waited for.</summary>
    protected override TimeSpan Pause => _waited ? TimeSpan.Zero : base.Pause;

    /// <summary>A request for a value as it is now.</summary>
    public static HttpRequestMessage Request(string key, string query = "")
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"computeMetadata/v1/instance/{key}{query}");
        request.Headers.Add("Metadata-Flavor", Flavor);
        return request;
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<AvailabilityNotice>> AskAsync(CancellationToken cancellation)
    {
        // The first answer is not waited for: what has happened before it would be missed.
        string? before = _tag;
        (_tag, _waited) = (null, false);
        string query = before is null ? "" : $"?wait_for_change=true&timeout_sec={WaitSeconds}&last_etag={Uri.EscapeDataString(before)}";
        var timeout = before is null ? Options.RequestTimeout : TimeSpan.FromSeconds(WaitSeconds) + Options.RequestTimeout;
        long asked = Time.GetTimestamp();
        var answer = await _client.SendAsync(Request(key, query), timeout, Time, cancellation);
        if (answer.Status != HttpStatusCode.OK) throw answer.Unexpected($"instance/{key}", "it must be 200");
        if (answer.Flavor != Flavor) throw answer.Unexpected($"instance/{key}", $"it must have the header Metadata-Flavor: {Flavor}, this one has '{answer.Flavor}'");
        var notice = meaning(answer.Body.Trim());
        // A server that answers soon, again and again, does not know how to wait: it is asked at intervals.
        _waited = before is null ? answer.Tag is not null : Time.GetElapsedTime(asked) >= LongEnough;
        _tag = answer.Tag;
        return notice is null ? [] : [notice];
    }
}
