using Parcae.Liveput.Forecasting;

namespace Parcae.Liveput.Planning;

/// <summary>What a planning decision starts from.</summary>
public sealed record PlanRequest
{
    /// <summary>The strategy in force; <see cref="Strategy.None"/> when paused or new.</summary>
    public required Strategy Current { get; init; }

    /// <summary>Instances usable now.</summary>
    public required int Available { get; init; }

    /// <summary>Of the <see cref="Current"/> plan's pipelines, how many every stage can still man without moving any layer (the least over the stages); equals D when nothing was lost.</summary>
    public required int IntactPipelines { get; init; }

    /// <summary>What is expected of the coming intervals, one entry an interval, the first being the one that begins now.</summary>
    public required AvailabilityForecast Forecast { get; init; }

    /// <summary>Length of an interval, seconds.</summary>
    public required double IntervalSeconds { get; init; }

    /// <summary>Time that a migration to <see cref="Current"/> still takes, seconds; it stays owed whatever is chosen. The default value is 0.</summary>
    public double MigrationSecondsLeft { get; init; }

    /// <summary>Seconds until a strategy would run if it were taken now, all that is owed included; null: what the cost model says. The default value is null.</summary>
    public Func<Strategy, double>? ChangeSeconds { get; init; }
}

/// <summary>One strategy that was considered.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Throughput">Samples per second with nothing lost.</param>
/// <param name="Liveput">Expected samples per second over what may be preempted in the coming interval.</param>
/// <param name="MigrationSeconds">Cost of changing to it now.</param>
/// <param name="ExpectedSamples">Expected samples over the look-ahead when it is taken now and the best follows.</param>
public sealed record PlanCandidate(Strategy Strategy, double Throughput, double Liveput, double MigrationSeconds, double ExpectedSamples);

/// <summary>A decision with its reasons.</summary>
/// <param name="Strategy">What to run in the interval that begins now; <see cref="Strategy.None"/>: pause.</param>
/// <param name="Liveput">Its expected samples per second over what may be preempted.</param>
/// <param name="ExpectedSamples">Over the look-ahead.</param>
/// <param name="Candidates">Everything considered, best first.</param>
/// <param name="Reason">Why this one, for people.</param>
public sealed record PlanDecision(Strategy Strategy, double Liveput, double ExpectedSamples, IReadOnlyList<PlanCandidate> Candidates, string Reason)
{
    /// <summary>Usable instances that the budget does not pay for: not worth renting. 0 where there is no budget.</summary>
    public int InstancesBeyondBudget { get; init; }
}
