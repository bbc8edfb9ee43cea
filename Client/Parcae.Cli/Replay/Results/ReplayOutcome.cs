using Parcae.Cli.Demo.Results;
using Parcae.Grains;

namespace Parcae.Cli.Replay.Results;

/// <summary>How a replay ended.</summary>
/// <param name="Result">For programs.</param>
/// <param name="History">The job over the time of the replay.</param>
internal sealed record ReplayOutcome(DemoResult Result, JobHistory History)
{
    /// <summary>Promises that were not kept; empty when all is well.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            var faults = new List<string>(DemoOutcome.Broken(History.Ledger));
            var replay = Result.Replay!;
            if (replay.Stopped is { } why) faults.Add($"the replay stopped after {replay.Intervals} of {replay.OfIntervals} intervals: {why}");
            if (replay.NotBack.Count > 0) faults.Add($"{string.Join(", ", replay.NotBack)} did not come back");
            return faults;
        }
    }
}

/// <summary>What a replay adds to the demo's JSON document.</summary>
internal sealed record ReplayResult
{
    /// <summary>Name of the trace.</summary>
    public required string Trace { get; init; }

    /// <summary>How it was made to fit the fleet.</summary>
    public required string Fit { get; init; }

    /// <summary>What an interval took, seconds.</summary>
    public required double IntervalSeconds { get; init; }

    /// <summary>Intervals that were acted out, the last one perhaps in part.</summary>
    public required int Intervals { get; init; }

    /// <summary>Intervals that were to be acted out.</summary>
    public required int OfIntervals { get; init; }

    /// <summary>Workers of the fleet.</summary>
    public required int Workers { get; init; }

    /// <summary>The policy whose strategies were followed, or null: the job planned.</summary>
    public required string? Policy { get; init; }

    /// <summary>Why it ended before the trace did, or null.</summary>
    public required string? Stopped { get; init; }

    /// <summary>Workers that did not come back.</summary>
    public required IReadOnlyList<string> NotBack { get; init; }

    /// <summary>Of a replay.</summary>
    public static ReplayResult Of(ReplaySetting setting, int intervals, string? stopped, IReadOnlyList<string> notBack) => new()
    {
        Trace = setting.Source.Trace.Name,
        Fit = setting.Fit,
        IntervalSeconds = setting.Source.Interval.TotalSeconds,
        Intervals = intervals,
        OfIntervals = setting.Replay.Counts.Count,
        Workers = setting.Fleet.Count,
        Policy = setting.Source.Plan?.Policy,
        Stopped = stopped,
        NotBack = notBack,
    };
}
