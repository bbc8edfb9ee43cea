using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Parcae.Silo.Api.Problems;

namespace Parcae.Silo.Api.Limits;

/// <summary>How much a caller may ask for. Those who are not known are told apart by their address, so that guessing a token is slow.</summary>
internal sealed class ApiLimits(IOptions<ParcaeApiOptions> options) : IConfigureOptions<RateLimiterOptions>
{
    /// <summary>Policy of what is answered at once.</summary>
    public const string Requests = "parcae-requests";

    /// <summary>Policy of what stays open.</summary>
    public const string Streams = "parcae-streams";

    /// <summary>Policy of logins.</summary>
    public const string Logins = "parcae-logins";

    private const int Burst = 10;
    private const int LoginsPerMinute = 10;

    public void Configure(RateLimiterOptions limits)
    {
        limits.RejectionStatusCode = (int)HttpStatusCode.TooManyRequests;
        limits.OnRejected = (rejected, _) => new ValueTask(Reject(rejected));
        double rate = options.Value.RequestsPerSecond;
        limits.AddPolicy(Requests, context => RateLimitPartition.GetTokenBucketLimiter(Caller(context), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = (int)Math.Max(1, Math.Ceiling(Burst * rate)),
            TokensPerPeriod = (int)Math.Max(1, Math.Round(rate)),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, Math.Round(rate)) / rate),
            QueueLimit = 0,
        }));
        limits.AddPolicy(Streams, context => RateLimitPartition.GetConcurrencyLimiter(Caller(context), _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.Streams, QueueLimit = 0 }));
        limits.AddPolicy(Logins, context => RateLimitPartition.GetFixedWindowLimiter(
            $"{context.Connection.RemoteIpAddress}", _ => new FixedWindowRateLimiterOptions { PermitLimit = LoginsPerMinute, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 }));
    }

    private static string Caller(HttpContext context) => context.User.Identity is { IsAuthenticated: true, Name: { } name } ? $"token {name}" : $"address {context.Connection.RemoteIpAddress}";

    private static Task Reject(OnRejectedContext rejected)
    {
        var context = rejected.HttpContext;
        string when = "";
        if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after))
        {
            string seconds = Math.Max(1, Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            context.Response.Headers.RetryAfter = seconds;
            when = $" Try again in {seconds} s.";
        }

        string what = context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName == Streams ? "There are too many open streams of this caller." : "There are too many requests of this caller.";
        return ApiProblem.Write(context, HttpStatusCode.TooManyRequests, what + when);
    }
}
