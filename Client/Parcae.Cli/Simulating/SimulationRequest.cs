using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Simulating;

/// <summary>A part of a trace to run on.</summary>
/// <param name="Trace">It.</param>
/// <param name="From">Its first minute in the trace as it was named.</param>
/// <param name="To">The minute that it ends at.</param>
internal sealed record TracePart(AvailabilityTrace Trace, double From, double To);

/// <summary>What is to be simulated: every profile on every part with every restart cost.</summary>
internal sealed record SimulationRequest
{
    public required IReadOnlyList<PlanningProfile> Profiles { get; init; }

    public required IReadOnlyList<TracePart> Parts { get; init; }

    /// <summary>Names, in the order to print.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    /// <summary>Forecasters of a policy that forecasts.</summary>
    public required Func<string, IReadOnlyList<string>> Forecasts { get; init; }

    public required IReadOnlyList<int> LookAheads { get; init; }

    public required string CostModel { get; init; }

    /// <summary>Seconds; null: the profile's.</summary>
    public required IReadOnlyList<double?> RestartCosts { get; init; }

    /// <summary>Intervals of the past that forecasters see; 0: all.</summary>
    public required int History { get; init; }

    public int? MaxInstances { get; init; }

    /// <summary>USD per hour.</summary>
    public double? Budget { get; init; }

    /// <summary>The job of the policy that has one.</summary>
    public DeadlineOptions? Deadline { get; init; }

    /// <summary>Realizations beside the expectation; 0: none.</summary>
    public int Draws { get; init; }

    public int Seed { get; init; }

    public int Runs => Profiles.Count * Parts.Count * RestartCosts.Count;
}
