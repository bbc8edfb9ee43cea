using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Instances come and go independently of each other, around a target.</summary>
/// <remarks>Losses are proportional to what is there and arrivals hold the target on average, so the count is about Poisson with that mean, cut off at the capacity.</remarks>
public sealed record PoissonOptions : SyntheticOptions
{
    /// <inheritdoc/>
    public override string Kind => "poisson";

    /// <inheritdoc/>
    public override string Description => "Independent arrivals and losses around a target.";

    /// <summary>Share of the capacity that is there on average. The default value is 0.75.</summary>
    [Range(0.0, 1.0), Description("Share of the capacity that is there on average.")]
    public double Target { get; init; } = 0.75;

    /// <summary>Losses of one instance in an hour, on average. The default value is 0.5.</summary>
    [Range(0.0, 60.0), Description("Losses of one instance in an hour, on average.")]
    public double LossesPerHour { get; init; } = 0.5;

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random)
    {
        double target = Target * Capacity;
        return Walk(name, (int)(target + 0.5), (_, available) =>
        {
            int removed = random.Poisson(available * LossesPerHour * Hours);
            return (random.Poisson(target * LossesPerHour * Hours), removed);
        });
    }
}
