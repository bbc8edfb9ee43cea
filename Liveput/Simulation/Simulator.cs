using System.Diagnostics;

using Parcae.Liveput.Costs;
using Parcae.Liveput.Profiles;

namespace Parcae.Liveput.Simulation;

/// <summary>Runs policies over traces. Costs are expectations, as in the Parcae artifact, or realizations drawn from a seed.</summary>
public static class Simulator
{
    /// <summary>Runs a policy over the whole trace of a setting.</summary>
    /// <param name="policy">What decides.</param>
    /// <param name="setting">Model, trace and costs.</param>
    /// <param name="chance">Null for expected costs; else draws which instances are lost.</param>
    /// <param name="cancellation">Ends the run between two intervals.</param>
    public static PolicyResult Run(IPolicy policy, SimulationSetting setting, Random? chance = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(setting);
        var run = policy.Start(setting);
        var intervals = setting.Trace.Intervals;
        var outcomes = new IntervalOutcome[intervals.Count];
        var planning = new double[intervals.Count];
        var current = Strategy.None;
        int before = 0;
        double owed = 0;
        double? done = null;
        for (int i = 0; i < intervals.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            long began = Stopwatch.GetTimestamp();
            var step = run.Step(new IntervalView(i, before, intervals[i], current, owed, chance));
            planning[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            double stall = Math.Min(step.OwedMs, setting.IntervalMs);
            double samples = (step.SamplesPerSecond * ((step.DoneAfterMs ?? setting.IntervalMs) - stall) / 1000) - step.LostSamples;
            int spot = step.SpotInstances ?? (step.OnDemandInstances > 0 ? 0 : intervals[i].Available);
            outcomes[i] = new IntervalOutcome(step.Strategy, stall, samples, step.Kind, spot, step.OnDemandInstances, done is not null);
            if (step.DoneAfterMs is { } after) done ??= (i * setting.IntervalMs) + after;
            owed = step.OwedMs - stall;
            (current, before) = (step.Strategy, intervals[i].Available);
        }

        return new PolicyResult(policy.Name, policy.Forecast, outcomes, planning) { DoneMs = done };
    }
}

/// <summary>What came of one interval.</summary>
/// <param name="Strategy">What ran; <see cref="Strategy.None"/>: paused.</param>
/// <param name="StallMs">Of the interval, the time that training stood still for a reconfiguration.</param>
/// <param name="Samples">Trained, less those lost.</param>
/// <param name="Kind">The reconfiguration that began in it, or null.</param>
/// <param name="SpotInstances">Preemptible instances rented.</param>
/// <param name="OnDemandInstances">Instances rented on demand.</param>
/// <param name="Done">Whether the job was done before.</param>
public readonly record struct IntervalOutcome(Strategy Strategy, double StallMs, double Samples, MigrationCaseKind? Kind, int SpotInstances, int OnDemandInstances, bool Done = false);

/// <summary>What came of a policy.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Forecast">Its forecaster's name, or null.</param>
/// <param name="Intervals">One entry an interval.</param>
/// <param name="PlanningMs">Time that each decision took, milliseconds.</param>
public sealed record PolicyResult(string Policy, string? Forecast, IReadOnlyList<IntervalOutcome> Intervals, IReadOnlyList<double> PlanningMs)
{
    /// <summary>Samples trained in all, less those lost.</summary>
    public double Samples { get; } = Intervals.Sum(i => i.Samples);

    /// <summary>Intervals without a strategy while there was work.</summary>
    public int PausedIntervals { get; } = Intervals.Count(i => i.Strategy.IsPause && !i.Done);

    /// <summary>When the job was done, milliseconds after the beginning; null: it was not, or has no end.</summary>
    public double? DoneMs { get; init; }

    /// <summary>What all rented instances cost, USD.</summary>
    /// <param name="prices">An hour's.</param>
    /// <param name="intervalMs">Length of an interval, milliseconds.</param>
    public double Usd(InstancePrices prices, double intervalMs)
    {
        ArgumentNullException.ThrowIfNull(prices);
        return Intervals.Sum(i => (i.SpotInstances * prices.SpotPerHour) + (i.OnDemandInstances * prices.OnDemandPerHour)) * intervalMs / 3_600_000;
    }

    /// <summary>Reconfigurations of a kind.</summary>
    public int Count(MigrationCaseKind kind) => Intervals.Count(i => i.Kind == kind);
}
