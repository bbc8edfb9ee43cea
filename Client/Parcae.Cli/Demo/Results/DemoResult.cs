using System.Text.Json;
using System.Text.Json.Serialization;

using Parcae.Cli.Chaos;
using Parcae.Cli.Commands;
using Parcae.Cli.Replay.Results;
using Parcae.Grains;

namespace Parcae.Cli.Demo.Results;

/// <summary>What <c>parcae demo --json</c> prints: the names are a contract with whoever reads it.</summary>
internal sealed record DemoResult
{
    public required string JobId { get; init; }

    public required string Model { get; init; }

    public required long Parameters { get; init; }

    public required int Steps { get; init; }

    public required int GlobalBatch { get; init; }

    public required double? FirstLoss { get; init; }

    public required double? FinalLoss { get; init; }

    public required double[] Losses { get; init; }

    public required double WallSeconds { get; init; }

    public required InstanceCounts Instances { get; init; }

    public required PreemptionCounts Preemptions { get; init; }

    public required GenerationResult[] Generations { get; init; }

    public required long SamplesCommitted { get; init; }

    public required long SamplesLost { get; init; }

    public required long SamplesRepeated { get; init; }

    public required int StepsReplayed { get; init; }

    /// <summary>Steps whose gradient was not finite: they count, but changed nothing.</summary>
    public required int StepsSkipped { get; init; }

    /// <summary>The last validation loss that was measured, or null.</summary>
    public required double? ValidationLoss { get; init; }

    /// <summary>Faults besides the losses of the trace, or null without <c>--chaos</c>.</summary>
    public required ChaosResult? Chaos { get; init; }

    public required ReferenceResult? Reference { get; init; }

    public required string ReportPath { get; init; }

    /// <summary>What a replay on a fleet has to say besides; left out of a demo's document.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ReplayResult? Replay { get; init; }

    /// <summary>The document.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DemoJson.Default.DemoResult);

    /// <summary>The result of a job.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="history">All of it.</param>
    /// <param name="counts">Instances in each interval that was replayed.</param>
    /// <param name="preemptions">Instances lost.</param>
    /// <param name="wallSeconds">From the submission to the completion.</param>
    /// <param name="reportPath">Where the report is.</param>
    public static DemoResult Of(
        string jobId, JobHistory history, IReadOnlyList<int> counts, PreemptionCounts preemptions, double wallSeconds, string reportPath) => new()
        {
            JobId = jobId,
            Model = history.Outline?.Description ?? DemoJob.Describe(history.Spec.Model),
            Parameters = history.Outline?.Parameters ?? 0,
            Steps = history.Steps.Length,
            GlobalBatch = history.Spec.Training.GlobalBatch,
            FirstLoss = history.Steps.Length > 0 ? history.Steps[0].Loss : null,
            FinalLoss = history.Steps.Length > 0 ? history.Steps[^1].Loss : null,
            Losses = [.. history.Steps.Select(s => s.Loss)],
            WallSeconds = Math.Round(wallSeconds, 3),
            Instances = new InstanceCounts(counts[0], counts.Min(), counts.Max()),
            Preemptions = preemptions,
            Generations = [.. history.Generations.Select(GenerationResult.Of)],
            SamplesCommitted = history.Ledger.SamplesCommitted,
            SamplesLost = history.Ledger.SamplesLost,
            SamplesRepeated = history.Ledger.SamplesRepeated,
            StepsReplayed = history.Ledger.StepsReplayed,
            StepsSkipped = history.Ledger.StepsSkipped,
            ValidationLoss = history.Steps.LastOrDefault(s => s.ValidationLoss is not null).ValidationLoss,
            Chaos = null,
            Reference = null,
            ReportPath = reportPath,
        };
}

/// <summary>Instances of the replayed trace: in the first interval, the fewest, the most.</summary>
internal sealed record InstanceCounts(int Start, int Min, int Max);

/// <summary>Instances lost after a notice, and without.</summary>
internal sealed record PreemptionCounts(int Noticed, int Unannounced);

/// <summary>Faults that were ordered.</summary>
/// <param name="Ordered">How many.</param>
/// <param name="Struck">How many of them struck.</param>
/// <param name="ByPoint">Those that struck by their point: <c>mid-all-reduce</c>.</param>
/// <param name="ByKind">Those that struck by their kind: <c>cut-connection</c>.</param>
internal sealed record ChaosResult(int Ordered, int Struck, SortedDictionary<string, int> ByPoint, SortedDictionary<string, int> ByKind)
{
    /// <summary>Counts faults.</summary>
    public static ChaosResult Of(IReadOnlyList<FaultRecord> faults)
    {
        FaultRecord[] struck = [.. faults.Where(f => f.Struck)];
        SortedDictionary<string, int> Count(Func<FaultRecord, string> key) => new(struck.CountBy(key).ToDictionary(), StringComparer.Ordinal);
        return new ChaosResult(faults.Count, struck.Length, Count(f => f.Point), Count(f => f.Kind));
    }
}

/// <summary>One generation.</summary>
internal sealed record GenerationResult
{
    public required int Number { get; init; }

    public required string Cause { get; init; }

    /// <summary>start, resume, intraStage, interStage or pipeline.</summary>
    public required string Kind { get; init; }

    /// <summary>D x P.</summary>
    public required string Strategy { get; init; }

    public required int AtStep { get; init; }

    public required double PauseMs { get; init; }

    public required double PrepareMs { get; init; }

    public required long BytesMoved { get; init; }

    public static GenerationResult Of(GenerationRecord record) => new()
    {
        Number = record.Number,
        Cause = record.Cause,
        Kind = JsonNamingPolicy.CamelCase.ConvertName($"{record.Kind}"),
        Strategy = $"{record.Pipelines} x {record.Depth}",
        AtStep = record.AtStep,
        PauseMs = Math.Round(record.PauseMilliseconds, 3),
        PrepareMs = Math.Round(record.PrepareMilliseconds, 3),
        BytesMoved = record.BytesMoved,
    };
}

/// <summary>The same job undisturbed.</summary>
/// <param name="FinalLoss">Its last loss.</param>
/// <param name="MaxLossDifference">Greatest relative difference over all steps; 0 when every loss is the same to the last bit.</param>
internal sealed record ReferenceResult(double FinalLoss, double MaxLossDifference);

/// <summary>Serialises results.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    Converters = [typeof(FiniteNumbers)])]
[JsonSerializable(typeof(DemoResult))]
internal sealed partial class DemoJson : JsonSerializerContext;
