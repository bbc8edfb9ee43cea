using System.ComponentModel.DataAnnotations;
using Parcae.Silo.Api.Access;
using Parcae.Silo.Hosting.Validation;

namespace Parcae.Silo;

/// <summary>The HTTP API and the dashboard of a control silo.</summary>
public sealed class ParcaeApiOptions
{
    /// <summary>Who may do what. The default value is empty: everything is allowed to callers on this machine (loopback), and nothing to anybody else.</summary>
    [CheckedTokens]
    public ApiTokens Tokens { get; } = [];

    /// <summary>Requests that a caller may make a second, on average; ten times as many at once. A caller is a token, or an address without one. The default value is 20.</summary>
    [Range(0.1, 1e6, ErrorMessage = "must be a number of requests a second from 0.1 to 1000000")]
    public double RequestsPerSecond { get; set; } = 20;

    /// <summary>Streams of events that a caller may keep open at once. The default value is 32.</summary>
    [Range(1, 100_000, ErrorMessage = "must be a number of streams from 1 to 100000")]
    public int Streams { get; set; } = 32;

    /// <summary>The largest body of a request, bytes. The default value is 1 MiB.</summary>
    [Range(1024, 1 << 30, ErrorMessage = "must be a number of bytes from 1024 to 1073741824")]
    public int BodyBytes { get; set; } = 1 << 20;

    /// <summary>How long a browser that has logged in stays so. The default value is 12 hours.</summary>
    [Seconds(60, 30 * 86400)]
    public TimeSpan SessionLength { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Time between two looks at a job or a fleet whose stream somebody reads; all readers share them. The default value is 250 milliseconds.</summary>
    [Seconds(0.01, 60)]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What an instance costs on demand, USD per hour: the dashboard compares with it. The default value is null: not known.</summary>
    [Range(0, 1e6, ErrorMessage = "must be a price in USD per hour, at least 0")]
    public double? OnDemandPricePerHour { get; set; }
}
