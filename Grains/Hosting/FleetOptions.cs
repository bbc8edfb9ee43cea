using System.ComponentModel.DataAnnotations;

namespace Parcae.Grains.Hosting;

/// <summary>How a fleet counts and watches its instances.</summary>
public sealed class FleetOptions
{
    /// <summary>The planning period. The default value is 60 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the fleet compares its instances with the cluster's membership. The default value is 0.5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:10:00")]
    public TimeSpan CheckPeriod { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long an instance whose silo never appeared in the membership is given before it counts as lost. The default value is 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan UnknownSiloGrace { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Events kept in the log. The default value is 1000.</summary>
    [Range(10, 100_000)]
    public int LogLength { get; set; } = 1000;

    /// <summary>The most worker instances that all jobs of a submitter may hold together, by submitter; whom it does not name has no limit. The default value is empty.</summary>
    public Dictionary<string, int> Quotas { get; } = new(StringComparer.Ordinal);

    /// <summary>Intervals of availability kept. The default value is 240.</summary>
    [Range(1, 10_000)]
    public int HistoryLength { get; set; } = 240;
}
