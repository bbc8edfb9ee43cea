using System.ComponentModel;
using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Parcae.Grains;
using Parcae.Silo.Api.Jobs;
using Parcae.Silo.Api.Limits;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Streams;

/// <summary>Server-sent events. What has a number carries it as its id, so that a browser that lost the connection goes on where it was.</summary>
internal static class StreamEndpoints
{
    private const string LastEventId = "Last-Event-ID";
    private const string MediaType = "text/event-stream";

    /// <summary>Maps them.</summary>
    public static void MapStreams(this IEndpointRouteBuilder endpoints)
    {
        var streams = endpoints.Part("", "streams").RequireRateLimiting(ApiLimits.Streams);
        streams.MapGet("/jobs/{id}/stream", Job).For(ApiRole.Viewer).MayMiss().WithName("StreamJob").Produces<string>(200, MediaType).ProducesProblem(400)
            .WithSummary("A job, live: 'status' with the job whenever it changes, 'event' for each of its events, 'end' when no more follows, 'ping' when nothing has come for a while.");
        streams.MapGet("/stream", Fleet).For(ApiRole.Viewer).WithName("StreamFleet").Produces<string>(200, MediaType).ProducesProblem(400)
            .WithSummary("A fleet, live: 'fleet' and 'jobs' whenever they change, 'availability' for each event of its log, 'ping' when nothing has come for a while.");
    }

    private static async Task<IResult> Job(string id, HttpContext context, JobStream stream, IHostApplicationLifetime lifetime, [Description("Number of the last event that is known; a Last-Event-ID wins over it.")] long after = 0)
    {
        if (After(context, after, out long known) is { } problem) return problem;
        // Whether there is such a job is said before the stream begins.
        await stream.FindAsync(id);
        return Answer(context, stop => stream.ReadAsync(id, known, stop), lifetime);
    }

    private static IResult Fleet(
        HttpContext context, FleetStream stream, IHostApplicationLifetime lifetime,
        [Description("The fleet.")] string fleet = ParcaeNames.DefaultFleet,
        [Description("Number of the last event that is known; a Last-Event-ID wins over it. Without either: only events from now on.")] long? after = null)
    {
        if (After(context, after ?? -1, out long known) is { } problem) return problem;
        return Answer(context, stop => stream.ReadAsync(fleet, known < 0 ? null : known, stop), lifetime);
    }

    private static IResult? After(HttpContext context, long after, out long known)
    {
        known = after;
        if (context.Request.Headers[LastEventId] is not { Count: > 0 } header || string.IsNullOrEmpty(header)) return null;
        return long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out known)
            ? null
            : ApiProblem.Of(HttpStatusCode.BadRequest, $"{LastEventId}: '{header}' is not valid; it must be the number of an event, at least 0.");
    }

    private static ServerSentEventsResult<object> Answer(HttpContext context, Func<CancellationToken, IAsyncEnumerable<SseItem<object>>> read, IHostApplicationLifetime lifetime)
    {
        // A stream without an end would keep the host from stopping.
        var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        context.Response.RegisterForDispose(either);
        // Proxies that hold answers back would make the page stand still.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(read(either.Token));
    }
}
