using System.Net;
using Microsoft.AspNetCore.Http;

namespace Parcae.Silo.Api.Access;

/// <summary>Where a request comes from.</summary>
internal static class Origins
{
    private static readonly string[] Proxied = ["Forwarded", "X-Forwarded-For", "X-Real-IP"];

    /// <summary>
    /// Whether the caller is on this machine: its address is a loopback one, it asks for this machine by name (a foreign name that was made to lead here does not count), and no proxy speaks for somebody else.
    /// </summary>
    public static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address)
        && IsLocalName(context.Request.Host.Host) && !Proxied.Any(context.Request.Headers.ContainsKey);

    /// <summary>Whether a request that changes something may have been made by another site's page. Programs send neither header; every browser sends the first with what is no GET.</summary>
    public static bool IsForeign(HttpRequest request)
    {
        if (request.Headers.Origin is { Count: > 0 } origin && (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Authority != Authority(request, from))) return true;
        return request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "same-origin" && site != "none";
    }

    /// <summary>Whether a request changes something.</summary>
    public static bool IsChange(HttpRequest request) => !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method));

    /// <summary>Whether a host's name or address is this machine's own loopback.</summary>
    public static bool IsLocalName(string host) => host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    // A port that the scheme implies is not written in an origin.
    private static string Authority(HttpRequest request, Uri from) => request.Host.Port is { } port && port != (from.Scheme == "https" ? 443 : 80) ? $"{request.Host.Host}:{port}" : request.Host.Host;
}
