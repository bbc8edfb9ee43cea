using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api;

/// <summary>What the endpoints of the API have in common.</summary>
internal static class ApiGroup
{
    /// <summary>Where the API is.</summary>
    public const string Root = "/api/v1";

    /// <summary>An endpoint takes a role.</summary>
    public static RouteHandlerBuilder For(this RouteHandlerBuilder endpoint, ApiRole role) => endpoint
        .WithMetadata(new NeededRole(role))
        .RequireAuthorization(Policy(role))
        .ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status403Forbidden).ProducesProblem(StatusCodes.Status429TooManyRequests).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    /// <summary>An endpoint names something that there may not be.</summary>
    public static RouteHandlerBuilder MayMiss(this RouteHandlerBuilder endpoint) => endpoint.ProducesProblem(StatusCodes.Status404NotFound);

    /// <summary>Name of a role's policy.</summary>
    public static string Policy(ApiRole role) => $"parcae-{role}";

    /// <summary>A part of the API whose endpoints call grains.</summary>
    public static RouteGroupBuilder Part(this IEndpointRouteBuilder endpoints, string path, string tag)
    {
        var group = endpoints.MapGroup(Root + path).WithTags(tag);
        group.AddEndpointFilter<RouteGroupBuilder, GrainAnswers>();
        return group;
    }
}
