using Parcae.Liveput.Planning.Limits;

namespace Parcae.Liveput.Planning;

/// <summary>How the optimizer looks ahead.</summary>
public sealed record OptimizerOptions
{
    /// <summary>Most intervals that a plan looks into; a shorter forecast shortens it. The default value is 12.</summary>
    public int LookAhead { get; init; } = 12;

    /// <summary>The current plan is kept unless changing now brings more than this share of one interval's samples on top, all costs paid. The default value is 0.005.</summary>
    public double ChangeMargin { get; init; } = 0.005;

    /// <summary>Most strategies that are weighed; where there are more, those of the highest throughput for each number of instances. The default value is 256.</summary>
    public int MaxStrategies { get; init; } = 256;

    /// <summary>Most instance counts that are told apart in the look-ahead; where the forecast spans more, neighbours are taken together. The default value is 40.</summary>
    public int MaxCounts { get; init; } = 40;

    /// <summary>What may be spent in an hour; strategies and spares beyond it are not considered. The default value is null: no bound.</summary>
    public HourlyBudget? Budget { get; init; }

    /// <summary>Throws when a value is out of range; the message names it and the range.</summary>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LookAhead, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStrategies, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCounts, 8);
        if (!(ChangeMargin is >= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(ChangeMargin), ChangeMargin, "ChangeMargin must be in [0, 1).");
    }
}
