namespace Parcae.Grains.Profiling;

/// <summary>What was measured of a model on one machine.</summary>
public sealed record ProfileMeasurements
{
    /// <summary>The model, with the times of those layers that were measured.</summary>
    public required ModelOutline Outline { get; init; }

    /// <summary>Time of the optimizer's update of each layer, seconds, <c>[layers]</c>; null where it was not measured.</summary>
    public required double?[] UpdateSeconds { get; init; }

    /// <summary>Transfers between two processes, ascending by bytes.</summary>
    public required LinkTime[] Links { get; init; }

    /// <summary>Strategies that were run.</summary>
    public required StrategyTime[] Strategies { get; init; }

    /// <summary>From the start of a worker's process until it can be given work, milliseconds.</summary>
    public required double ProcessStartMs { get; init; }

    /// <summary>Until the workers of a plan were connected, milliseconds: the most of all runs.</summary>
    public required double ConnectMs { get; init; }

    /// <summary>Writing the whole state to disk, milliseconds.</summary>
    public required double CheckpointMs { get; init; }

    /// <summary>The machine, for people.</summary>
    public required string Machine { get; init; }
}

/// <summary>A measured transfer.</summary>
/// <param name="Bytes">Its size.</param>
/// <param name="Milliseconds">Median time from sending to having received.</param>
public readonly record struct LinkTime(long Bytes, double Milliseconds);

/// <summary>A strategy that was run with real processes.</summary>
/// <param name="Pipelines">D.</param>
/// <param name="Depth">P.</param>
/// <param name="StepSeconds">Median time of a step.</param>
/// <param name="BuildMs">Time to build the stages, milliseconds: of the slowest worker.</param>
/// <param name="PeakBytes">Most resident memory of a worker, bytes; 0 where the system does not say.</param>
public readonly record struct StrategyTime(int Pipelines, int Depth, double StepSeconds, double BuildMs, long PeakBytes);
