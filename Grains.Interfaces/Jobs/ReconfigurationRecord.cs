namespace Parcae.Grains;

/// <summary>How one generation came about: what was known, what was weighed, and what it took.</summary>
[GenerateSerializer, Immutable, Alias("parcae.ReconfigurationRecord")]
public sealed record ReconfigurationRecord
{
    /// <summary>Number of the generation.</summary>
    [Id(0)] public required int Generation { get; init; }

    /// <summary>When it was decided, by the control silo's clock.</summary>
    [Id(1)] public required DateTimeOffset DecidedAt { get; init; }

    /// <summary>Why this plan, for people.</summary>
    [Id(2)] public required string Reason { get; init; }

    /// <summary>Where the decision was taken from when it was made elsewhere; null: it is the planner's.</summary>
    [Id(3)] public string? Followed { get; init; }

    /// <summary>Instances that could be used.</summary>
    [Id(4)] public required int Available { get; init; }

    /// <summary>The forecast that it was decided by, the interval under way first.</summary>
    [Id(5)] public ForecastBand[] Forecast { get; init; } = [];

    /// <summary>What was weighed, best first, no more than the best few.</summary>
    [Id(6)] public StrategyCandidate[] Candidates { get; init; } = [];

    /// <summary>What was done, in order of when it began.</summary>
    [Id(7)] public ReconfigurationPhase[] Phases { get; init; } = [];

    /// <summary>State that was moved between peers.</summary>
    [Id(8)] public StateTransfer[] Transfers { get; init; } = [];

    /// <summary>The instances' ids, <c>[D][P]</c>.</summary>
    [Id(9)] public string[][] Places { get; init; } = [];

    /// <summary>The instances of the state vault.</summary>
    [Id(10)] public string[] Vault { get; init; } = [];
}

/// <summary>A strategy that was weighed.</summary>
/// <param name="Pipelines">D; 0: a pause.</param>
/// <param name="Depth">P; 0: a pause.</param>
/// <param name="Throughput">Samples per second with nothing lost.</param>
/// <param name="Liveput">Expected samples per second over what may be preempted.</param>
/// <param name="MigrationSeconds">Cost of changing to it.</param>
/// <param name="ExpectedSamples">Expected samples over the look-ahead when it is taken and the best follows.</param>
[GenerateSerializer, Immutable, Alias("parcae.StrategyCandidate")]
public readonly record struct StrategyCandidate(
    [property: Id(0)] int Pipelines,
    [property: Id(1)] int Depth,
    [property: Id(2)] double Throughput,
    [property: Id(3)] double Liveput,
    [property: Id(4)] double MigrationSeconds,
    [property: Id(5)] double ExpectedSamples);

/// <summary>A part of a reconfiguration.</summary>
/// <param name="Name"><c>forecast</c>, <c>plan</c>, <c>follow</c> (while training went on), <c>halt</c>, <c>assign</c>, <c>prepare</c>, <c>commit</c> or <c>switch</c>.</param>
/// <param name="Begin">When it began, milliseconds after the decision; negative: before it.</param>
/// <param name="Milliseconds">How long it took.</param>
[GenerateSerializer, Immutable, Alias("parcae.ReconfigurationPhase")]
public readonly record struct ReconfigurationPhase([property: Id(0)] string Name, [property: Id(1)] double Begin, [property: Id(2)] double Milliseconds);

/// <summary>State that went from one instance to another.</summary>
/// <param name="From">Who gave it; null: not known.</param>
/// <param name="To">Who got it.</param>
/// <param name="Bytes">Bytes.</param>
/// <param name="Milliseconds">How long its receiver took for all that it got.</param>
/// <param name="Ahead">Whether it went while training went on under the old plan.</param>
[GenerateSerializer, Immutable, Alias("parcae.StateTransfer")]
public readonly record struct StateTransfer(
    [property: Id(0)] string? From,
    [property: Id(1)] string To,
    [property: Id(2)] long Bytes,
    [property: Id(3)] double Milliseconds,
    [property: Id(4)] bool Ahead);
