using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Aws;

/// <summary>
/// Spot interruption notices and rebalance recommendations of EC2, by the Instance Metadata Service, version 2. Both questions are answered with 404 while there is nothing to say.
/// </summary>
internal sealed class AwsSource : PolledSource
{
    /// <summary>Its name.</summary>
    public const string SourceName = "aws";

    private const string InterruptionPath = "latest/meta-data/spot/instance-action";
    private const string RebalancePath = "latest/meta-data/events/recommendations/rebalance";

    /// <summary>The shortest time from a recommendation to the loss: an interruption comes with a notice of its own.</summary>
    private static readonly TimeSpan InterruptionNotice = TimeSpan.FromMinutes(2);

    private readonly HttpClient _client;
    private readonly ImdsToken _token;

    public AwsSource(AvailabilityOptions options, TimeProvider time, ILogger<AwsSource> logger) : base(options, time, logger)
    {
        _client = SourceHttp.Client(options.Metadata, options.RequestTimeout);
        _token = new ImdsToken(_client, options.RequestTimeout, time);
    }

    /// <inheritdoc/>
    public override string Name => SourceName;

    /// <summary>Whether the service answers at all.</summary>
    public static async Task<bool> AnswersAsync(AvailabilityOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var client = SourceHttp.Client(options.Metadata, options.ProbeTimeout);
        _ = await new ImdsToken(client, options.ProbeTimeout, time).GetAsync(cancellation);
        return true;
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<AvailabilityNotice>> AskAsync(CancellationToken cancellation)
    {
        var notices = new List<AvailabilityNotice>();
        if (await GetAsync(InterruptionPath, cancellation) is { } interruption) notices.Add(Interruption(interruption));
        if (await GetAsync(RebalancePath, cancellation) is { } rebalance) notices.Add(Rebalance(rebalance));
        return notices;
    }

    private static AvailabilityNotice Interruption(Answer answer)
    {
        using var document = JsonDocument.Parse(answer.Body);
        string action = Text(document, "action") ?? throw answer.Unexpected(InterruptionPath, "it must be JSON with 'action' and 'time'");
        // Hibernation begins at once, and may come without a time.
        var time = Moment(document, "time");
        if (time is null && action != "hibernate") throw answer.Unexpected(InterruptionPath, "'time' must be a time of ISO 8601");
        return new($"spot {action} {time:O}", NoticeKind.Preemption, time is { } at ? answer.Until(at) : TimeSpan.Zero, $"EC2 spot interruption: {action}");
    }

    private static AvailabilityNotice Rebalance(Answer answer)
    {
        using var document = JsonDocument.Parse(answer.Body);
        var time = Moment(document, "noticeTime") ?? throw answer.Unexpected(RebalancePath, "'noticeTime' must be a time of ISO 8601");
        return new($"rebalance {time:O}", NoticeKind.Rebalance, InterruptionNotice, "EC2 rebalance recommendation") { Advisory = true };
    }

    /// <summary>Asks one question, with a fresh token if the old one is not taken any more. Null: there is nothing to say.</summary>
    private async Task<Answer?> GetAsync(string path, CancellationToken cancellation)
    {
        for (int attempt = 0; ; attempt++)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("X-aws-ec2-metadata-token", await _token.GetAsync(cancellation));
            var answer = await _client.SendAsync(request, Options.RequestTimeout, Time, cancellation);
            switch (answer.Status)
            {
                case HttpStatusCode.OK:
                    return answer;
                case HttpStatusCode.NotFound:
                    return null;
                case HttpStatusCode.Unauthorized when attempt == 0:
                    _token.Forget();
                    continue;
                case HttpStatusCode.Forbidden:
                    throw answer.Unexpected(path, "the instance's metadata service must be on (HttpEndpoint enabled)");
                default:
                    throw answer.Unexpected(path, "it must be 200 or 404");
            }
        }
    }

    private static string? Text(JsonDocument document, string member) =>
        document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Moment(JsonDocument document, string member) =>
        DateTimeOffset.TryParse(Text(document, member), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
