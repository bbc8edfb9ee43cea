using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Bulk preemptions: now and then a share of the instances goes at once, stays away for a while and comes back bit by bit.</summary>
public sealed record BurstOptions : SyntheticOptions
{
    /// <inheritdoc/>
    public override string Kind => "bursts";

    /// <inheritdoc/>
    public override string Description => "Bulk preemptions followed by recovery.";

    /// <summary>Bulk preemptions in an hour, on average. The default value is 1.5.</summary>
    [Range(0.0, 60.0), Description("Bulk preemptions in an hour, on average.")]
    public double BurstsPerHour { get; init; } = 1.5;

    /// <summary>Least share of the instances that a bulk preemption takes. The default value is 0.1.</summary>
    [Range(0.0, 1.0), Description("Least share of the instances that a bulk preemption takes.")]
    public double LeastShare { get; init; } = 0.1;

    /// <summary>Greatest share of the instances that a bulk preemption takes. The default value is 0.5.</summary>
    [Range(0.0, 1.0), Description("Greatest share of the instances that a bulk preemption takes.")]
    public double MostShare { get; init; } = 0.5;

    /// <summary>Minutes after a bulk preemption in which none comes back. The default value is 5.</summary>
    [Range(0.0, 1440.0), Description("Minutes after a bulk preemption in which none comes back.")]
    public double HoldMinutes { get; init; } = 5;

    /// <summary>Minutes until a lost instance is back, on average, once they come back. The default value is 15.</summary>
    [Range(0.1, 1440.0), Description("Minutes until a lost instance is back, on average, once they come back.")]
    public double RecoveryMinutes { get; init; } = 15;

    private protected override string? Conflict() =>
        LeastShare <= MostShare ? null : $"least-share is {LeastShare}; it must be at most most-share, which is {MostShare}.";

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random)
    {
        double quietFrom = 0;
        return Walk(name, Capacity, (i, available) =>
        {
            // One burst an interval at most: several at once would be one of a greater share.
            if (random.Poisson(BurstsPerHour * Hours) > 0)
            {
                quietFrom = i + (HoldMinutes * 60 / IntervalSeconds);
                return (0, (int)Math.Ceiling(available * random.Uniform(LeastShare, MostShare)));
            }

            return (i <= quietFrom ? 0 : random.Poisson((Capacity - available) * IntervalSeconds / 60 / RecoveryMinutes), 0);
        });
    }
}
