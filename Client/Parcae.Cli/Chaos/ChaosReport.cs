using System.Text.Json.Serialization;

using Parcae.Grains;

namespace Parcae.Cli.Chaos;

/// <summary>What came of a fault.</summary>
internal static class FaultOutcome
{
    /// <summary>It struck.</summary>
    public const string Struck = "struck";

    /// <summary>Its point was not passed in time.</summary>
    public const string NotReached = "not reached";

    /// <summary>The instance was gone for another reason.</summary>
    public const string Gone = "gone";

    /// <summary>The job was over first.</summary>
    public const string Ended = "ended";
}

/// <summary>A fault that was ordered, and what came of it: the names are a contract with whoever reads the JSON document.</summary>
internal sealed record FaultRecord
{
    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    /// <summary>Whom it was ordered on; null where there was nobody: no vault follows the job.</summary>
    public string? Instance { get; init; }

    /// <summary>Where: <c>mid-all-reduce</c>.</summary>
    public required string Point { get; init; }

    /// <summary>What: <c>cut-connection</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>One of <see cref="FaultOutcome"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>From the last look that saw the instance unhurt to the next committed step (of the new generation, where there was one), seconds; null where it did not strike or none came.</summary>
    public double? SecondsToNextStep { get; init; }

    /// <summary>The generation that trained when it was ordered.</summary>
    public required int GenerationBefore { get; init; }

    /// <summary>The generation that trained when the job had ridden it out.</summary>
    public required int GenerationAfter { get; init; }

    /// <summary>Whether it struck.</summary>
    [JsonIgnore]
    public bool Struck => Outcome == FaultOutcome.Struck;
}

/// <summary>A job's accounts after a run of faults.</summary>
internal sealed record ChaosLedger(int StepsCommitted, long SamplesCommitted, long SamplesLost, long SamplesRepeated, int StepsReplayed, int Mismatches)
{
    /// <summary>Promises that were not kept; empty when all is well.</summary>
    public IReadOnlyList<string> Broken()
    {
        var broken = new List<string>();
        if (SamplesLost != 0) broken.Add($"{SamplesLost} samples were lost");
        if (SamplesRepeated != 0) broken.Add($"{SamplesRepeated} samples were trained on twice");
        if (Mismatches != 0) broken.Add($"{Mismatches} steps were different when run again");
        return broken;
    }

    public static ChaosLedger Of(JobStatus status) => new(
        status.CommittedStep, status.Ledger.SamplesCommitted, status.Ledger.SamplesLost, status.Ledger.SamplesRepeated, status.Ledger.StepsReplayed,
        status.Ledger.ReplayMismatches);
}

/// <summary>What <c>parcae chaos --json</c> prints.</summary>
internal sealed record ChaosReport
{
    public required string JobId { get; init; }

    public required int Seed { get; init; }

    /// <summary>Faults that were ordered.</summary>
    public required int Ordered { get; init; }

    /// <summary>Those that struck.</summary>
    public required int Struck { get; init; }

    public required IReadOnlyList<FaultRecord> Faults { get; init; }

    /// <summary>Why it stopped before all faults were ordered, or null.</summary>
    public required string? Stopped { get; init; }

    public required ChaosLedger Ledger { get; init; }

    public static ChaosReport Of(string jobId, int seed, ChaosRun run, JobStatus last) => new()
    {
        JobId = jobId,
        Seed = seed,
        Ordered = run.Faults.Count,
        Struck = run.Faults.Count(f => f.Struck),
        Faults = run.Faults,
        Stopped = run.Stopped,
        Ledger = ChaosLedger.Of(last),
    };
}
