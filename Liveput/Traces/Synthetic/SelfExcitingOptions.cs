using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>Losses that draw others soon after (a Hawkes process): long quiet times, then losses in a row.</summary>
/// <remarks>Each loss draws so many others on average, sooner rather than later; these draw others again, so that a loss that comes by itself is the first of 1 / (1 - offspring) on average.</remarks>
public sealed record SelfExcitingOptions : SyntheticOptions
{
    // Beyond so many times the memory nothing is left that a double could tell from 0.
    private const double Forgotten = 64;

    /// <inheritdoc/>
    public override string Kind => "selfexciting";

    /// <inheritdoc/>
    public override string Description => "Losses that draw others soon after.";

    /// <summary>Losses of one instance in an hour that come by themselves, on average. The default value is 0.1.</summary>
    [Range(0.0, 60.0), Description("Losses of one instance in an hour that come by themselves, on average.")]
    public double LossesPerHour { get; init; } = 0.1;

    /// <summary>Losses that each loss draws, on average. The default value is 0.7.</summary>
    [Range(0.0, 0.99), Description("Losses that each loss draws, on average.")]
    public double Offspring { get; init; } = 0.7;

    /// <summary>Minutes after which a loss draws a third (1/e) of the others that it drew at first. The default value is 5.</summary>
    [Range(0.1, 1440.0), Description("Minutes after which a loss draws a third of the others that it drew at first.")]
    public double MemoryMinutes { get; init; } = 5;

    /// <summary>Minutes until a lost instance is back, on average. The default value is 15.</summary>
    [Range(0.1, 1440.0), Description("Minutes until a lost instance is back, on average.")]
    public double RecoveryMinutes { get; init; } = 15;

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random)
    {
        double kept = SyntheticRandom.ExpOfMinus(Math.Min(Forgotten, IntervalSeconds / 60 / MemoryMinutes)), drawn = 0;
        return Walk(name, Capacity, (_, available) =>
        {
            int removed = Math.Min(available, random.Poisson((available * LossesPerHour * Hours) + drawn));
            drawn = (drawn * kept) + (Offspring * (1 - kept) * removed);
            return (random.Poisson((Capacity - available) * IntervalSeconds / 60 / RecoveryMinutes), removed);
        });
    }
}
