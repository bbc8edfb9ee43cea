using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Parcae.Silo.Api.Access;

/// <summary>Knows callers by their tokens. What is compared are digests of one length, all of them each time: how long it takes says nothing about a secret.</summary>
internal sealed class Callers(IOptions<ParcaeApiOptions> options)
{
    /// <summary>Name of the caller on this machine, where there are no tokens.</summary>
    public const string Local = "this machine";

    private readonly (ApiToken Token, byte[] Digest)[] _tokens = [.. options.Value.Tokens.Select(t => (t, SHA256.HashData(Encoding.UTF8.GetBytes(t.Secret))))];

    /// <summary>Whether there are no tokens: only callers on this machine are known, and they may do everything.</summary>
    public bool Open => _tokens.Length == 0;

    /// <summary>The tokens.</summary>
    public IEnumerable<ApiToken> Tokens => _tokens.Select(t => t.Token);

    /// <summary>The token with a secret, or null.</summary>
    public ApiToken? Find(string secret)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(secret));
        ApiToken? found = null;
        foreach (var (token, known) in _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(digest, known)) found = token;
        }

        return found;
    }

    /// <summary>A caller as ASP.NET Core knows it: a claim for each role up to its own.</summary>
    public static ClaimsPrincipal Principal(string name, ApiRole role, string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, name), .. Enum.GetValues<ApiRole>().Where(r => r <= role).Select(r => new Claim(ClaimTypes.Role, $"{r}"))], scheme));

    /// <summary>The highest role of a caller.</summary>
    public static ApiRole RoleOf(ClaimsPrincipal caller) => Enum.GetValues<ApiRole>().Last(r => caller.IsInRole($"{r}"));
}
