using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Parcae.Grains;
using Parcae.Silo.Api.Jobs;
using Parcae.Silo.Api.Limits;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Fleet;

/// <summary>Fleets over HTTP.</summary>
internal static class FleetEndpoints
{
    private const int MostEvents = 1000;
    private const int Page = 200;

    /// <summary>Maps them.</summary>
    public static void MapFleet(this IEndpointRouteBuilder endpoints)
    {
        var fleet = endpoints.Part("/fleet", "fleet").RequireRateLimiting(ApiLimits.Requests);
        fleet.MapGet("", Get).For(ApiRole.Viewer).WithName("GetFleet").WithSummary("The fleet as it is now.");
        fleet.MapGet("/events", Events).For(ApiRole.Viewer).WithName("GetFleetEvents").WithSummary("Joins, notices and losses after one of them, oldest first.").Produces<AvailabilityEvent[]>().ProducesProblem(400);
        fleet.MapPost("/instances/{id}/drain", Drain).For(ApiRole.Admin).MayMiss().WithName("DrainInstance")
            .WithSummary("Gives an instance notice: its job leaves it before it is gone. Nothing ends its machine.").Produces<DrainedView>().ProducesProblem(400);
    }

    private static async Task<FleetView> Get(JobLooks looks, [Description("The fleet.")] string fleet = ParcaeNames.DefaultFleet) => FleetView.Of(fleet, await looks.Fleet(fleet).Snapshot());

    private static async Task<IResult> Events(
        JobLooks looks,
        [Description("The fleet.")] string fleet = ParcaeNames.DefaultFleet,
        [Description("Number of the last event that is known."), Range(0, long.MaxValue)] long after = 0,
        [Description("No more than so many."), Range(1, MostEvents)] int limit = Page)
    {
        if (after < 0) return ApiProblem.Of(HttpStatusCode.BadRequest, $"after: {after} is not valid; it must be at least 0.");
        if (limit is < 1 or > MostEvents) return ApiProblem.Of(HttpStatusCode.BadRequest, $"limit: {limit} is not valid; it must be from 1 to {MostEvents}.");
        return TypedResults.Ok(await looks.Fleet(fleet).ReadLog(after, limit));
    }

    private static async Task<IResult> Drain(string id, JobLooks looks, HttpContext context, DrainOrder? order = null, [Description("The fleet.")] string fleet = ParcaeNames.DefaultFleet)
    {
        order ??= new DrainOrder();
        if (!(order.WithinSeconds is >= 0 and <= DrainOrder.Longest)) return ApiProblem.Of(HttpStatusCode.BadRequest, $"withinSeconds: {order.WithinSeconds} is not valid; it must be from 0 to {DrainOrder.Longest}.");
        string reason = string.IsNullOrWhiteSpace(order.Reason) ? $"drained by {context.User.Identity!.Name}" : order.Reason;
        await looks.Fleet(fleet).Notice(id, TimeSpan.FromSeconds(order.WithinSeconds), reason);
        return TypedResults.Ok(new DrainedView(id, order.WithinSeconds));
    }
}

/// <summary>How an instance is drained.</summary>
internal sealed record DrainOrder
{
    /// <summary>A day, seconds.</summary>
    public const int Longest = 86400;

    /// <summary>When it will be gone, seconds from now. The default value is 120.</summary>
    [Range(0, Longest)]
    public double WithinSeconds { get; init; } = 120;

    /// <summary>Why, for people. The default value is null: who drained it.</summary>
    public string? Reason { get; init; }
}

/// <summary>An instance that drains.</summary>
/// <param name="Instance">Its id.</param>
/// <param name="WithinSeconds">When it will be gone, seconds from now.</param>
internal sealed record DrainedView(string Instance, double WithinSeconds);
