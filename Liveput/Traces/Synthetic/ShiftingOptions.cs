using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Parcae.Liveput.Traces.Synthetic;

/// <summary>What can be had jumps to another level now and then and stays there: others rent or give back.</summary>
public sealed record ShiftingOptions : SyntheticOptions
{
    /// <inheritdoc/>
    public override string Kind => "shifting";

    /// <inheritdoc/>
    public override string Description => "Availability that jumps to another level now and then.";

    /// <summary>Jumps in an hour, on average. The default value is 1.</summary>
    [Range(0.0, 60.0), Description("Jumps in an hour, on average.")]
    public double ShiftsPerHour { get; init; } = 1;

    /// <summary>Share of the capacity that is the lowest level; every level from there to all is as likely. The default value is 0.3.</summary>
    [Range(0.0, 1.0), Description("Share of the capacity that is the lowest level.")]
    public double Least { get; init; } = 0.3;

    /// <summary>Minutes until an instance missing from the level comes, on average. The default value is 10.</summary>
    [Range(0.1, 1440.0), Description("Minutes until an instance missing from the level comes, on average.")]
    public double RecoveryMinutes { get; init; } = 10;

    /// <summary>Losses of one instance in an hour besides those of a jump, on average. The default value is 0.1.</summary>
    [Range(0.0, 60.0), Description("Losses of one instance in an hour besides those of a jump, on average.")]
    public double LossesPerHour { get; init; } = 0.1;

    private protected override AvailabilityTrace Generate(string name, SyntheticRandom random)
    {
        int level = Capacity;
        return Walk(name, Capacity, (_, available) =>
        {
            if (random.Poisson(ShiftsPerHour * Hours) > 0) level = (int)((Capacity * random.Uniform(Least, 1)) + 0.5);
            return Toward(level, available, LossesPerHour, RecoveryMinutes, random);
        });
    }
}
