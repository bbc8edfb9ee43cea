using System.Net;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Access;

/// <summary>Who calls: the owner of a bearer token, a browser with a session, or, where there are no tokens, this machine. Says in a problem document why somebody may not.</summary>
internal sealed class ApiAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, Callers callers, Sessions sessions)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of the scheme.</summary>
    public const string SchemeName = "Parcae";

    private const string Bearer = "Bearer ";

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (callers.Open)
        {
            return ApiProblem.Write(Context, HttpStatusCode.Forbidden,
                "No token is configured, so the API answers callers on this machine alone, by the name localhost or a loopback address. Configure tokens (--api-token-file) to call it from elsewhere.");
        }

        Response.Headers.WWWAuthenticate = "Bearer realm=\"parcae\"";
        string why = Context.Items[typeof(ApiAuthentication)] as string ?? "There is no token. Send one: 'Authorization: Bearer TOKEN'.";
        return ApiProblem.Write(Context, HttpStatusCode.Unauthorized, why);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var needed = Context.GetEndpoint()?.Metadata.GetMetadata<NeededRole>()?.Role;
        return ApiProblem.Write(Context, HttpStatusCode.Forbidden,
            $"The token of '{Context.User.Identity!.Name}' has the role {Name(Callers.RoleOf(Context.User))}; this takes the role {(needed is { } role ? Name(role) : "of another")}.");

        static string Name(ApiRole role) => $"{role}".ToLowerInvariant();
    }

    private AuthenticateResult Authenticate()
    {
        if (callers.Open) return Origins.IsLocal(Context) ? Known(Callers.Local, ApiRole.Admin) : AuthenticateResult.NoResult();
        if (Request.Headers.Authorization is { Count: > 0 } header)
        {
            if (header.Count != 1 || !header[0]!.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return Unknown("The Authorization header must be 'Bearer TOKEN'.");
            return callers.Find(header[0]![Bearer.Length..].Trim()) is { } token ? Known(token.Name, token.Role) : Unknown("The token is not known.");
        }

        if (!Request.Cookies.TryGetValue(Sessions.Cookie, out string? cookie)) return AuthenticateResult.NoResult();
        return sessions.Find(cookie) is { } session ? Known(session.Name, session.Role) : Unknown("The session is over; log in again.");
    }

    private static AuthenticateResult Known(string name, ApiRole role) =>
        AuthenticateResult.Success(new AuthenticationTicket(Callers.Principal(name, role, SchemeName), SchemeName));

    private AuthenticateResult Unknown(string why)
    {
        Context.Items[typeof(ApiAuthentication)] = why;
        return AuthenticateResult.Fail(why);
    }
}

/// <summary>The role that an endpoint takes, for messages.</summary>
/// <param name="Role">The role.</param>
internal sealed record NeededRole(ApiRole Role);
