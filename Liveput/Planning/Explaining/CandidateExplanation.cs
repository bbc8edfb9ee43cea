using System.Globalization;
using Parcae.Liveput.Costs;

namespace Parcae.Liveput.Planning.Explaining;

/// <summary>One strategy that was considered, beside the one that was chosen.</summary>
public sealed record CandidateExplanation
{
    /// <summary>The strategy.</summary>
    public required Strategy Strategy { get; init; }

    /// <summary>Instances that it leaves free.</summary>
    public required int Spares { get; init; }

    /// <summary>Samples per second with nothing lost.</summary>
    public required double Throughput { get; init; }

    /// <summary>Expected samples per second over what may be preempted in the coming interval.</summary>
    public required double Liveput { get; init; }

    /// <summary>What kind of change it takes; null when nothing changes.</summary>
    public required MigrationCaseKind? Change { get; init; }

    /// <summary>Time until it would run, seconds, what is still owed included.</summary>
    public required double MigrationSeconds { get; init; }

    /// <summary>What that time goes to; empty where the cost model does not say. With what is still owed, their sum is <see cref="MigrationSeconds"/>.</summary>
    public required IReadOnlyList<MigrationPart> MigrationParts { get; init; }

    /// <summary>Expected samples over the look-ahead when it is taken now and the best follows.</summary>
    public required double ExpectedSamples { get; init; }

    /// <summary>Expected samples less than the chosen one's; below 0 where the gain was too small to change for.</summary>
    public required double SamplesBehind { get; init; }

    /// <summary>Whether this is what was decided.</summary>
    public bool Chosen { get; init; }

    /// <summary>What speaks for the chosen one instead, or "chosen".</summary>
    public required string Why { get; init; }

    /// <summary>The largest of the differences from the chosen one over the coming interval, in words.</summary>
    internal static string Against(PlanCandidate candidate, PlanCandidate chosen, double intervalSeconds)
    {
        if (candidate.ExpectedSamples > chosen.ExpectedSamples) return "brings more, but too little to change for";
        double owed = Math.Min(intervalSeconds, candidate.MigrationSeconds) - Math.Min(intervalSeconds, chosen.MigrationSeconds);
        double change = owed * candidate.Liveput;
        double speed = (chosen.Throughput - candidate.Throughput) * intervalSeconds;
        double risk = (candidate.Throughput - candidate.Liveput - (chosen.Throughput - chosen.Liveput)) * intervalSeconds;
        double greatest = Math.Max(change, Math.Max(speed, risk));
        return greatest <= 0 ? "worth less later on"
            : greatest == change ? $"takes {Number(candidate.MigrationSeconds - chosen.MigrationSeconds)} s longer to change to"
            : greatest == speed ? $"slower by {Percent(1 - (candidate.Throughput / chosen.Throughput))}"
            : $"loses {Percent(1 - (candidate.Liveput / candidate.Throughput))} to preemptions, not {Percent(1 - (chosen.Liveput / chosen.Throughput))}";
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.0#" : "0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0.0#", CultureInfo.InvariantCulture) + " %";
}
