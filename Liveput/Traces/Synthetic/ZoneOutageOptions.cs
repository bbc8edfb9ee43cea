using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Several zones, each of which loses everything for a while now and then, independently of the others.</summary>
public sealed record ZoneOutageOptions : SyntheticOptions
{
    /// <inheritdoc/>
    public override string Kind => "zones";

    /// <inheritdoc/>
    public override string Description => "Several zones, each of which now and then loses everything for a while.";

    /// <summary>Number of zones, at most the capacity, which they share evenly. The default value is 3.</summary>
    [Range(1, 26), Description("Number of zones; they share the capacity evenly.")]
    public int Zones { get; init; } = 3;

    /// <summary>Outages of one zone in a day, on average. The default value is 4.</summary>
    [Range(0.0, 1440.0), Description("Outages of one zone in a day, on average.")]
    public double OutagesPerDay { get; init; } = 4;

    /// <summary>Minutes that an outage lasts on average; each lasts half to one and a half times as long. The default value is 30.</summary>
    [Range(0.0, 1440.0), Description("Minutes that an outage lasts on average.")]
    public double OutageMinutes { get; init; } = 30;

    /// <summary>Minutes until a lost instance is back, on average, once its zone is. The default value is 10.</summary>
    [Range(0.1, 1440.0), Description("Minutes until a lost instance is back, on average, once its zone is.")]
    public double RecoveryMinutes { get; init; } = 10;

    /// <summary>Losses of one instance in an hour outside outages, on average. The default value is 0.1.</summary>
    [Range(0.0, 60.0), Description("Losses of one instance in an hour outside outages, on average.")]
    public double LossesPerHour { get; init; } = 0.1;

    private protected override string? Conflict() =>
        Zones > Capacity ? $"zones is {Zones}; it must be at most capacity, which is {Capacity}."
        : (long)Zones * Intervals > TraceLimits.MaxIntervals ? $"intervals is {Intervals}; with {Zones} zones it must be at most {TraceLimits.MaxIntervals / Zones}."
        : null;

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random)
    {
        var zones = new Dictionary<string, IReadOnlyList<TraceInterval>>();
        for (int z = 0; z < Zones; z++)
        {
            var zone = this with { Capacity = (Capacity / Zones) + (z < Capacity % Zones ? 1 : 0) };
            zones.Add($"zone-{(char)('a' + z)}", zone.One(name, random.Fork()).Intervals);
        }

        return AvailabilityTrace.FromZones(name, $"synthetic: {Description}", IntervalSeconds, zones);
    }

    private AvailabilityTrace One(string name, SyntheticRandom random)
    {
        double backAt = 0;
        return Walk(name, Capacity, (i, available) =>
        {
            if (i < backAt) return (0, available);
            if (random.Poisson(OutagesPerDay * Hours / 24) > 0)
            {
                backAt = i + (OutageMinutes * random.Uniform(0.5, 1.5) * 60 / IntervalSeconds);
                return (0, available);
            }

            int removed = random.Poisson(available * LossesPerHour * Hours);
            return (random.Poisson((Capacity - available) * IntervalSeconds / 60 / RecoveryMinutes), removed);
        });
    }
}
