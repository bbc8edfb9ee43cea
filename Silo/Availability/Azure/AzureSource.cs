using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Parcae.Silo.Availability.Azure;

/// <summary>
/// Azure's scheduled events for this machine. The document names the events of all machines of a group, so the source asks for its own name first. A preemption is announced 30 seconds ahead.
/// </summary>
internal sealed partial class AzureSource : PolledSource
{
    /// <summary>Its name.</summary>
    public const string SourceName = "azure";

    private const string NamePath = "metadata/instance/compute/name?api-version=2021-02-01&format=text";
    private const string EventsPath = "metadata/scheduledevents?api-version=2020-07-01";

    /// <summary>The first question switches the service on for the machine, which may take two minutes.</summary>
    private static readonly TimeSpan FirstTimeout = TimeSpan.FromSeconds(130);

    private readonly HttpClient _client;
    private readonly ILogger _logger;
    private string? _name;
    private bool _answered;

    public AzureSource(AvailabilityOptions options, TimeProvider time, ILogger<AzureSource> logger) : base(options, time, logger)
    {
        _client = SourceHttp.Client(options.Metadata, options.RequestTimeout);
        _logger = logger;
    }

    /// <inheritdoc/>
    public override string Name => SourceName;

    /// <summary>Whether the service answers at all.</summary>
    public static async Task<bool> AnswersAsync(AvailabilityOptions options, TimeProvider time, CancellationToken cancellation)
    {
        using var client = SourceHttp.Client(options.Metadata, options.ProbeTimeout);
        return await client.SendAsync(Request(HttpMethod.Get, NamePath), options.ProbeTimeout, time, cancellation) is { Status: HttpStatusCode.OK, Body.Length: > 0, Flavor: null };
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<AvailabilityNotice>> AskAsync(CancellationToken cancellation)
    {
        _name ??= await OwnNameAsync(cancellation);
        var answer = await _client.SendAsync(Request(HttpMethod.Get, EventsPath), _answered ? Options.RequestTimeout : FirstTimeout, Time, cancellation);
        if (answer.Status != HttpStatusCode.OK) throw answer.Unexpected(EventsPath, "it must be 200 with a document of events");
        _answered = true;
        var document = JsonSerializer.Deserialize(answer.Body, AzureJson.Default.ScheduledEvents) ?? throw answer.Unexpected(EventsPath, "it must be a document of events");
        return [.. (document.Events ?? []).Where(IsOurs).Select(e => Notice(e, answer))];
    }

    private bool IsOurs(ScheduledEvent e) => e.Resources?.Contains(_name, StringComparer.OrdinalIgnoreCase) == true;

    private AvailabilityNotice Notice(ScheduledEvent e, Answer answer)
    {
        var kind = e.EventType switch
        {
            "Preempt" => NoticeKind.Preemption,
            "Terminate" => NoticeKind.Stop,
            _ => NoticeKind.Maintenance,
        };
        string length = e is { EventType: "Freeze", DurationInSeconds: >= 0 } ? $" for {e.DurationInSeconds} s" : "";
        string said = string.IsNullOrEmpty(e.Description) ? "" : $": {e.Description}";
        // One that had been scheduled has the same id when it has begun.
        return new(e.EventId, kind, e.Begins() is { } time ? answer.Until(time) : TimeSpan.Zero, $"Azure scheduled event {e.EventType}{length}{said}")
        {
            // The machine stands still for a while and keeps everything; how long peers wait for it is the heartbeat's matter.
            Advisory = e.EventType == "Freeze",
            WhenFree = Options.AzureAcknowledge ? c => AcknowledgeAsync(e.EventId, c) : null,
        };
    }

    private async Task AcknowledgeAsync(string eventId, CancellationToken cancellation)
    {
        var request = Request(HttpMethod.Post, EventsPath);
        request.Content = JsonContent.Create(new StartApproval([new(eventId)]), AzureJson.Default.StartApproval);
        var answer = await _client.SendAsync(request, Options.RequestTimeout, Time, cancellation);
        if (answer.Status != HttpStatusCode.OK) throw answer.Unexpected($"POST {EventsPath}", "it must be 200");
        LogAcknowledged(eventId);
    }

    private async Task<string> OwnNameAsync(CancellationToken cancellation)
    {
        var answer = await _client.SendAsync(Request(HttpMethod.Get, NamePath), Options.RequestTimeout, Time, cancellation);
        return answer is { Status: HttpStatusCode.OK, Body.Length: > 0 } ? answer.Body.Trim() : throw answer.Unexpected(NamePath, "it must be 200 with the name of the machine");
    }

    private static HttpRequestMessage Request(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Metadata", "true");
        return request;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Azure was told that event {EventId} may begin.")]
    private partial void LogAcknowledged(string eventId);
}
