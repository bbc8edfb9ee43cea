using System.Globalization;
using Parcae.Liveput.Costs;

namespace Parcae.Liveput.Planning.Explaining;

/// <summary>Why a decision came out as it did: everything that was weighed, in numbers and words.</summary>
public sealed record PlanExplanation
{
    private PlanExplanation() { }

    /// <summary>What was decided; <see cref="Strategy.None"/>: pause.</summary>
    public required Strategy Strategy { get; init; }

    /// <summary>What was in force before.</summary>
    public required Strategy Current { get; init; }

    /// <summary>Of its pipelines, how many could go on without moving a layer.</summary>
    public required int IntactPipelines { get; init; }

    /// <summary>Usable instances.</summary>
    public required int Available { get; init; }

    /// <summary>Of these, what a budget does not pay for.</summary>
    public required int InstancesBeyondBudget { get; init; }

    /// <summary>Length of an interval, seconds.</summary>
    public required double IntervalSeconds { get; init; }

    /// <summary>Expected samples over the look-ahead.</summary>
    public required double ExpectedSamples { get; init; }

    /// <summary>The reason in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The reason step by step: what was there, what was expected, what was chosen, what came next.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>Everything considered, best first.</summary>
    public required IReadOnlyList<CandidateExplanation> Candidates { get; init; }

    /// <summary>The forecast that was used, one entry an interval.</summary>
    public required IReadOnlyList<ForecastBand> Forecast { get; init; }

    /// <summary>Explains a decision.</summary>
    /// <param name="request">What it started from.</param>
    /// <param name="decision">What came out.</param>
    /// <param name="costs">The cost model that was used, for the parts of each change where it can say (<see cref="IMigrationCostParts"/>); null: without parts.</param>
    /// <param name="lookAhead">Most intervals that were looked into; null: all of the forecast.</param>
    public static PlanExplanation Of(PlanRequest request, PlanDecision decision, IMigrationCostModel? costs = null, int? lookAhead = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(decision);
        int intact = Math.Clamp(request.IntactPipelines, 0, request.Current.Pipelines);
        var forecast = request.Forecast.Intervals.Take(lookAhead ?? int.MaxValue).Select((f, i) => ForecastBand.Of(i, f)).ToArray();
        var chosen = decision.Candidates.FirstOrDefault(c => c.Strategy == decision.Strategy);
        var candidates = decision.Candidates.Select(c => Explained(c, chosen!, request, decision, intact, costs as IMigrationCostParts)).ToArray();
        return new PlanExplanation
        {
            Strategy = decision.Strategy,
            Current = request.Current,
            IntactPipelines = intact,
            Available = request.Available,
            InstancesBeyondBudget = decision.InstancesBeyondBudget,
            IntervalSeconds = request.IntervalSeconds,
            ExpectedSamples = decision.ExpectedSamples,
            Reason = decision.Reason,
            Steps = [.. StepsOf(request, decision, intact, forecast, candidates)],
            Candidates = candidates,
            Forecast = forecast,
        };
    }

    private static CandidateExplanation Explained(PlanCandidate candidate, PlanCandidate chosen, PlanRequest request, PlanDecision decision, int intact, IMigrationCostParts? parts)
    {
        bool stays = candidate.Strategy == request.Current && intact == request.Current.Pipelines;
        var change = MigrationCase.Between(request.Current, intact, candidate.Strategy);
        return new CandidateExplanation
        {
            Strategy = candidate.Strategy,
            Spares = request.Available - decision.InstancesBeyondBudget - candidate.Strategy.Instances,
            Throughput = candidate.Throughput,
            Liveput = candidate.Liveput,
            Change = stays ? null : change.Kind,
            MigrationSeconds = candidate.MigrationSeconds,
            MigrationParts = stays || request.ChangeSeconds is not null ? [] : parts?.Parts(change) ?? [],
            ExpectedSamples = candidate.ExpectedSamples,
            SamplesBehind = chosen.ExpectedSamples - candidate.ExpectedSamples,
            Chosen = candidate == chosen,
            Why = candidate == chosen ? "chosen" : CandidateExplanation.Against(candidate, chosen, request.IntervalSeconds),
        };
    }

    private static IEnumerable<string> StepsOf(PlanRequest request, PlanDecision decision, int intact, ForecastBand[] forecast, CandidateExplanation[] candidates)
    {
        string before = request.Current.IsPause ? "nothing runs" : intact == request.Current.Pipelines ? $"{request.Current} runs" : $"{request.Current} has {intact} of its pipelines intact";
        string owed = request.MigrationSecondsLeft > 0 ? $", {Number(request.MigrationSecondsLeft)} s of its migration still to come" : "";
        yield return $"{PlanReason.Instances(request.Available)} usable; {before}{owed}.";
        if (decision.InstancesBeyondBudget > 0) yield return $"{PlanReason.Instances(decision.InstancesBeyondBudget)} beyond the budget: not worth renting.";
        if (forecast.Length > 0)
        {
            var last = forecast[^1];
            yield return $"In {forecast.Length} intervals: {Number(last.MeanAvailable)} instances expected ({last.LowAvailable} to {last.HighAvailable} with 80 %), "
                + $"{Number(forecast[0].MeanLost)} lost in the first ({Number(100 * forecast[0].LossChance)} % chance of any).";
        }

        if (candidates.Length == 0)
        {
            yield return $"{decision.Reason}.";
            yield break;
        }

        var chosen = candidates.First(c => c.Chosen);
        yield return $"{PlanReason.Strategies(candidates.Length)} fit; {chosen.Strategy} brings {Samples(chosen.ExpectedSamples)} samples over the look-ahead, after {Number(chosen.MigrationSeconds)} s of change.";
        if (candidates.FirstOrDefault(c => !c.Chosen) is { } rival) yield return $"{rival.Strategy} would bring {Samples(rival.ExpectedSamples)}: {rival.Why}.";
        var fastest = candidates.MaxBy(c => c.Throughput)!;
        if (!fastest.Chosen && fastest.Throughput > chosen.Throughput) yield return $"The fastest, {fastest.Strategy}, would bring {Samples(fastest.ExpectedSamples)}: {fastest.Why}.";
    }

    private static string Number(double value) => value.ToString("0.0#", CultureInfo.InvariantCulture);

    private static string Samples(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
