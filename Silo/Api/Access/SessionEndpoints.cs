using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Parcae.Silo.Api.Limits;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Access;

/// <summary>Who one is, and the login of browsers.</summary>
internal static class SessionEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapSessions(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet($"{ApiGroup.Root}/me", (HttpContext context, Callers callers, IOptions<ParcaeApiOptions> options) =>
            new MeView(context.User.Identity!.Name!, Callers.RoleOf(context.User), !callers.Open, options.Value.OnDemandPricePerHour))
            .For(ApiRole.Viewer).RequireRateLimiting(ApiLimits.Requests).WithTags("access").WithName("GetMe").WithSummary("Who the caller is and what they may do.");
        endpoints.MapGet($"{ApiGroup.Root}/session", Get).RequireRateLimiting(ApiLimits.Requests).WithTags("access").WithName("GetSession")
            .WithSummary("Who the caller is, or that they are nobody: what a page asks before it shows anything.").ProducesProblem(429);
        endpoints.MapPost($"{ApiGroup.Root}/session", Begin).RequireRateLimiting(ApiLimits.Logins).WithTags("access").WithName("LogIn")
            .WithSummary("Gives a browser a session: a cookie in place of the token.").Produces<MeView>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(429);
        endpoints.MapDelete($"{ApiGroup.Root}/session", (HttpContext context) =>
        {
            Sessions.End(context);
            return TypedResults.NoContent();
        }).WithTags("access").WithName("LogOut").WithSummary("Ends a browser's session.");
    }

    private static SessionView Get(HttpContext context, Callers callers, IOptions<ParcaeApiOptions> options)
    {
        bool known = context.User.Identity?.IsAuthenticated == true;
        return known
            ? new SessionView(context.User.Identity!.Name, Callers.RoleOf(context.User), !callers.Open, false, options.Value.OnDemandPricePerHour)
            : new SessionView(null, null, !callers.Open, callers.Open, null);
    }

    private static IResult Begin(HttpContext context, LoginOrder login, Callers callers, Sessions sessions, IOptions<ParcaeApiOptions> options)
    {
        if (callers.Open) return ApiProblem.Of(HttpStatusCode.BadRequest, "No token is configured: callers on this machine need no login, and no others are answered.");
        if (callers.Find(login.Token.Trim()) is not { } token) return ApiProblem.Of(HttpStatusCode.Unauthorized, "The token is not known.");
        sessions.Begin(context, token);
        return TypedResults.Ok(new MeView(token.Name, token.Role, true, options.Value.OnDemandPricePerHour));
    }
}

/// <summary>A login.</summary>
/// <param name="Token">The token.</param>
internal sealed record LoginOrder(string Token);

/// <summary>Who the caller is.</summary>
/// <param name="Name">The token's name.</param>
/// <param name="Role">What they may do.</param>
/// <param name="Tokens">Whether there are tokens: else everybody on this machine may do everything.</param>
/// <param name="OnDemandPricePerHour">What an instance costs on demand, USD per hour, to compare with; null: not known.</param>
internal sealed record MeView(string Name, ApiRole Role, bool Tokens, double? OnDemandPricePerHour);

/// <summary>Who looks at a page.</summary>
/// <param name="Name">Their name; null: nobody that is known.</param>
/// <param name="Role">What they may do, or null.</param>
/// <param name="CanLogIn">Whether there are tokens to log in with.</param>
/// <param name="OnlyLocal">Whether the service has no tokens and answers its own machine alone, on which the caller is not.</param>
/// <param name="OnDemandPricePerHour">What an instance costs on demand, USD per hour, to compare with; null: not known, or nobody's business.</param>
internal sealed record SessionView(string? Name, ApiRole? Role, bool CanLogIn, bool OnlyLocal, double? OnDemandPricePerHour);
