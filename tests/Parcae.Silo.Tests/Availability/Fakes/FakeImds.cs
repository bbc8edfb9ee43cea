using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Parcae.Silo.Tests.Availability.Fakes;

/// <summary>EC2's metadata service, version 2: 401 without a token that it gave and still takes, 404 for what there is not, 403 when it is switched off.</summary>
internal sealed class FakeImds
{
    private readonly ConcurrentDictionary<string, bool> _tokens = new();

    /// <summary>The answer to <c>spot/instance-action</c>, or null: 404.</summary>
    public string? Interruption { get; set; }

    /// <summary>The answer to <c>events/recommendations/rebalance</c>, or null: 404.</summary>
    public string? Rebalance { get; set; }

    /// <summary>Whether it is switched off.</summary>
    public bool IsOff { get; set; }

    /// <summary>Seconds that tokens are given for, whatever is wished.</summary>
    public int TokenSeconds { get; set; } = 21600;

    /// <summary>Tokens given.</summary>
    public int TokensGiven { get; private set; }

    /// <summary>No token is taken any more.</summary>
    public void ExpireTokens() => _tokens.Clear();

    public Task Answer(HttpContext context)
    {
        if (IsOff) return Say(context, 403, "");
        if (context.Request.Path == "/latest/api/token")
        {
            if (context.Request.Method != "PUT") return Say(context, 405, "");
            if (!int.TryParse(context.Request.Headers["X-aws-ec2-metadata-token-ttl-seconds"], out int wished) || wished is < 1 or > 21600) return Say(context, 400, "");
            string token = $"token-{++TokensGiven}==";
            _tokens[token] = true;
            context.Response.Headers["X-aws-ec2-metadata-token-ttl-seconds"] = TokenSeconds.ToString(CultureInfo.InvariantCulture);
            return Say(context, 200, token);
        }

        if (!_tokens.ContainsKey(context.Request.Headers["X-aws-ec2-metadata-token"].ToString())) return Say(context, 401, "");
        string? said = context.Request.Path.Value switch
        {
            "/latest/meta-data/spot/instance-action" => Interruption,
            "/latest/meta-data/events/recommendations/rebalance" => Rebalance,
            _ => null,
        };
        return Say(context, said is null ? 404 : 200, said ?? "<?xml version=\"1.0\"?><html><title>404 - Not Found</title></html>");
    }

    private static Task Say(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    }
}
