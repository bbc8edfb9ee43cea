using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Parcae.Silo.Api.Access;

/// <summary>
/// Logins of browsers: a cookie that is signed with the token's secret and does not contain it. Every control silo with the same tokens takes it, nothing is stored, and with the token the session ends.
/// </summary>
internal sealed class Sessions(Callers callers, IOptions<ParcaeApiOptions> options, TimeProvider time)
{
    /// <summary>Name of the cookie.</summary>
    public const string Cookie = "parcae-session";

    private const string Purpose = "parcae session 1";

    /// <summary>Gives the browser a session.</summary>
    public void Begin(HttpContext context, ApiToken token)
    {
        var ends = time.GetUtcNow() + options.Value.SessionLength;
        string content = $"{token.Name}~{ends.ToUnixTimeSeconds()}";
        context.Response.Cookies.Append(Cookie, $"{content}~{Base64Url.EncodeToString(Sign(token, content))}", Settings(context, ends));
    }

    /// <summary>Ends the browser's session.</summary>
    public static void End(HttpContext context) => context.Response.Cookies.Delete(Cookie, Settings(context, null));

    /// <summary>The token whose session a cookie is, or null: it is none, or over.</summary>
    public ApiToken? Find(string cookie)
    {
        if (cookie.Split('~') is not [var name, var ends, var signature]) return null;
        if (!long.TryParse(ends, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || time.GetUtcNow().ToUnixTimeSeconds() >= seconds) return null;
        byte[] given = new byte[SHA256.HashSizeInBytes];
        if (!Base64Url.TryDecodeFromChars(signature, given, out int length) || length != given.Length) return null;
        ApiToken? found = null;
        foreach (var token in callers.Tokens.Where(t => t.Name == name))
        {
            if (CryptographicOperations.FixedTimeEquals(Sign(token, $"{name}~{ends}"), given)) found = token;
        }

        return found;
    }

    private static byte[] Sign(ApiToken token, string content) => HMACSHA256.HashData(Encoding.UTF8.GetBytes($"{Purpose}~{token.Role}~{token.Secret}"), Encoding.UTF8.GetBytes(content));

    private static CookieOptions Settings(HttpContext context, DateTimeOffset? ends) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        // Behind a proxy that ends TLS the request itself is plain. Whoever lies about it only keeps the cookie from themselves.
        Secure = context.Request.IsHttps || context.Request.Headers["X-Forwarded-Proto"] == "https",
        Path = "/",
        Expires = ends,
        IsEssential = true,
    };
}
