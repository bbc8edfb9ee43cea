using System.Globalization;
using System.Text.Json.Serialization;

namespace Parcae.Silo.Availability.Azure;

/// <summary>Azure's document of scheduled events, api-version 2020-07-01.</summary>
/// <param name="DocumentIncarnation">Changes when anything in it does.</param>
/// <param name="Events">The events of all machines of the same group.</param>
internal sealed record ScheduledEvents(int DocumentIncarnation, ScheduledEvent[]? Events);

/// <summary>Something that will happen to machines.</summary>
/// <param name="EventId">Its id.</param>
/// <param name="EventType"><c>Freeze</c>, <c>Reboot</c>, <c>Redeploy</c>, <c>Preempt</c> or <c>Terminate</c>.</param>
/// <param name="Resources">Names of the machines.</param>
/// <param name="EventStatus"><c>Scheduled</c> or <c>Started</c>.</param>
/// <param name="NotBefore">The earliest time that it begins, as RFC 1123 has it; empty when it has begun.</param>
/// <param name="Description">For people.</param>
/// <param name="EventSource"><c>Platform</c> or <c>User</c>.</param>
/// <param name="DurationInSeconds">How long the machines are interrupted, seconds; -1: not known.</param>
internal sealed record ScheduledEvent(
    string EventId, string EventType, string[]? Resources, string? EventStatus, string? NotBefore, string? Description, string? EventSource, int? DurationInSeconds)
{
    /// <summary>The earliest time that it begins, or null: now.</summary>
    /// <exception cref="SourceException"><see cref="NotBefore"/> is no time.</exception>
    public DateTimeOffset? Begins() => string.IsNullOrEmpty(NotBefore) || EventStatus == "Started"
        ? null
        : DateTimeOffset.TryParse(NotBefore, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new SourceException($"event {EventId} has NotBefore '{NotBefore}'; it must be a time such as 'Mon, 19 Sep 2016 18:29:47 GMT', or empty");
}

/// <summary>The approval of events: they may begin at once.</summary>
/// <param name="StartRequests">The events.</param>
internal sealed record StartApproval(StartRequest[] StartRequests);

/// <summary>One event that may begin.</summary>
/// <param name="EventId">Its id.</param>
internal sealed record StartRequest(string EventId);

/// <summary>How the documents are read and written.</summary>
[JsonSerializable(typeof(ScheduledEvents))]
[JsonSerializable(typeof(StartApproval))]
internal sealed partial class AzureJson : JsonSerializerContext;
