using Parcae.Liveput.Costs;
using Parcae.Liveput.Simulation;

namespace Parcae.Cli.Simulating;

/// <summary>What <c>simulate --json</c> prints for a run.</summary>
internal sealed record SimulationDocument(
    string Profile, string Trace, double From, double To, int Intervals, double IntervalSeconds, string CostModel, double? RestartCostSeconds, IReadOnlyList<PolicyDocument> Policies)
{
    public static SimulationDocument Of(SimulationRun run) => new(
        run.Setting.Profile.Model, run.Part.Trace.Name, run.Part.From, run.Part.To, run.Part.Trace.Intervals.Count, run.Part.Trace.IntervalSeconds, run.Setting.Costs.Name, run.RestartCost,
        [.. run.Policies.Select(p => PolicyDocument.Of(run, p))]);
}

internal sealed record PolicyDocument(
    string Policy, string? Forecast, int? LookAhead, double Samples, double FractionOfIdeal, DrawnDocument? Draws, ReconfigurationsDocument Reconfigurations, int PausedIntervals, PlanningDocument PlanningMs,
    int[][] Strategies, double? CostUsd, double? FinishedAtMinute)
{
    public static PolicyDocument Of(SimulationRun run, PolicyOutcome outcome)
    {
        var result = outcome.Result;
        return new PolicyDocument(
            result.Policy, result.Forecast, outcome.LookAhead, result.Samples, run.Fraction(result.Samples),
            outcome.Drawn is { } drawn ? new DrawnDocument(drawn.Count, drawn.Mean, drawn.Low, drawn.High) : null,
            new ReconfigurationsDocument(result.Count(MigrationCaseKind.IntraStage), result.Count(MigrationCaseKind.InterStage), result.Count(MigrationCaseKind.Pipeline)),
            result.PausedIntervals,
            new PlanningDocument(result.PlanningMs[0], result.PlanningMs.Average(), result.PlanningMs.Max()),
            [.. result.Intervals.Select(i => new[] { i.Strategy.Pipelines, i.Strategy.Depth })],
            run.Setting.Profile.Prices is { } prices ? result.Usd(prices, run.Setting.IntervalMs) : null,
            result.DoneMs / 60_000);
    }
}

internal sealed record DrawnDocument(int Count, double Mean, double Low, double High);

internal sealed record ReconfigurationsDocument(int IntraStage, int InterStage, int Pipeline);

internal sealed record PlanningDocument(double First, double Mean, double Max);

/// <summary>What it prints for several.</summary>
internal sealed record SimulationsDocument(IReadOnlyList<SimulationDocument> Runs);
