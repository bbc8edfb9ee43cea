using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Dashboard;
using Parcae.Silo.Api;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Dashboard;

namespace Parcae.Silo;

/// <summary>The dashboard of a control silo.</summary>
public static class ParcaeDashboardExtensions
{
    private const string Orleans = "/orleans";

    /// <summary>
    /// Only what this host serves is loaded, nothing inline runs, nobody frames the page. The page itself has no data: what it shows it asks of the API, with the session of whoever looks at it.
    /// </summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Adds what the dashboard needs besides the API. On every silo of the cluster, workers too: the Orleans dashboard asks each of them, and counts nothing while nobody looks.</summary>
    /// <param name="silo">The silo.</param>
    /// <returns>The silo.</returns>
    public static ISiloBuilder AddParcaeDashboard(this ISiloBuilder silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.TryAddSingleton<DashboardFiles>();
        return silo.AddDashboard();
    }

    /// <summary>Maps the dashboard at <c>/</c> and, for administrators, the Orleans dashboard at <c>/orleans</c>. After <see cref="ParcaeApiExtensions.MapParcaeApi"/>, which it asks for everything.</summary>
    /// <param name="app">The application.</param>
    /// <returns>The application.</returns>
    public static WebApplication MapParcaeDashboard(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapGet("/", (HttpContext context, DashboardFiles files) => Answer(context, files, "index.html")).ExcludeFromDescription();
        app.MapGet("/dashboard/{**path}", Answer).ExcludeFromDescription();
        app.MapOrleansDashboard(Orleans).RequireAuthorization(ApiGroup.Policy(ApiRole.Admin)).WithMetadata(new NeededRole(ApiRole.Admin));
        return app;
    }

    private static IResult Answer(HttpContext context, DashboardFiles files, string path)
    {
        if (files.Find(path) is not { } file) return TypedResults.NotFound();
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        // A new version of the service is a new page, at once.
        headers.CacheControl = "no-cache";
        return TypedResults.Bytes(file.Content, file.Type, entityTag: file.Tag);
    }
}
