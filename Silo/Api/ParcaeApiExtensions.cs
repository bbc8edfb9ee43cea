using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Parcae.Silo.Api;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Api.Documents;
using Parcae.Silo.Api.Fleet;
using Parcae.Silo.Api.Jobs;
using Parcae.Silo.Api.Jobs.Series;
using Parcae.Silo.Api.Limits;
using Parcae.Silo.Api.Problems;
using Parcae.Silo.Api.Streams;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo;

/// <summary>The HTTP API of a Parcae service, in a host with a silo (or a client) of it.</summary>
public static class ParcaeApiExtensions
{
    /// <summary>Adds what the API needs.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Changes the options.</param>
    /// <returns>The services.</returns>
    /// <exception cref="OptionsValidationException">When the host starts: an option is out of range; the message names it, and never a token.</exception>
    public static IServiceCollection AddParcaeApi(this IServiceCollection services, Action<ParcaeApiOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        var options = services.AddChecked<ParcaeApiOptions>();
        if (configure is not null) options.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Callers>().AddSingleton<Sessions>().AddSingleton<JobLooks>().AddSingleton<JobSeries>().AddSingleton<JobStream>().AddSingleton<FleetStream>();
        services.AddAuthentication(ApiAuthentication.SchemeName).AddScheme<AuthenticationSchemeOptions, ApiAuthentication>(ApiAuthentication.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var role in Enum.GetValues<ApiRole>())
            authorization.AddPolicy(ApiGroup.Policy(role), policy => policy.AddAuthenticationSchemes(ApiAuthentication.SchemeName).RequireAuthenticatedUser().RequireRole($"{role}"));
        services.AddRateLimiter(_ => { }).ConfigureOptions<ApiLimits>();
        services.AddOptions<KestrelServerOptions>().Configure<IOptions<ParcaeApiOptions>>((kestrel, api) =>
        {
            kestrel.Limits.MaxRequestBodySize = api.Value.BodyBytes;
            kestrel.AddServerHeader = false;
        });
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        // What is wrong with a request is said by the exception; without it the answer would be empty.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails().AddExceptionHandler<UnexpectedErrors>();
        return services.AddApiDocument();
    }

    /// <summary>Maps the API under <c>/api/v1</c>, its document at <c>/api/v1/openapi.json</c>.</summary>
    /// <param name="app">The application.</param>
    /// <returns>The application.</returns>
    public static WebApplication MapParcaeApi(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseWhen(IsApi, api => api.UseExceptionHandler().UseStatusCodePages(answer => ApiProblem.Write(answer.HttpContext, (HttpStatusCode)answer.HttpContext.Response.StatusCode, Nowhere(answer.HttpContext))));
        app.Use(RefuseForeign);
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapJobs();
        app.MapFleet();
        app.MapSessions();
        app.MapStreams();
        app.MapOpenApi($"{ApiGroup.Root}/openapi.json").RequireRateLimiting(ApiLimits.Requests);
        return app;
    }

    private static Task RefuseForeign(HttpContext context, RequestDelegate next)
    {
        if (!IsApi(context)) return next(context);
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Origins.IsChange(context.Request) && Origins.IsForeign(context.Request)
            ? ApiProblem.Write(context, HttpStatusCode.Forbidden, $"The request comes from another site's page ({context.Request.Headers.Origin}); a browser may only send it from this host's own.")
            : next(context);
    }

    private static bool IsApi(HttpContext context) => context.Request.Path.StartsWithSegments("/api");

    /// <summary>What the framework answers without a word.</summary>
    private static string Nowhere(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {context.Request.Path}; {ApiGroup.Root}/openapi.json lists what there is.",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not for {context.Request.Path}; it takes {context.Response.Headers.Allow}.",
        StatusCodes.Status415UnsupportedMediaType => $"Content-Type: {(context.Request.ContentType is { Length: > 0 } type ? $"'{type}'" : "none")} is not valid for {context.Request.Path}; {ApiGroup.Root}/openapi.json says what is.",
        _ => "The request was not understood.",
    };
}
