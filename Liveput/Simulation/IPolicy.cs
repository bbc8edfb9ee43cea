using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Simulation;

/// <summary>A way to run a job on instances that come and go.</summary>
public interface IPolicy
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>Its forecaster's name, or null when it forecasts nothing.</summary>
    string? Forecast => null;

    /// <summary>Begins a run. Runs of one policy are independent.</summary>
    IPolicyRun Start(SimulationSetting setting);
}

/// <summary>A policy at work on one trace.</summary>
public interface IPolicyRun
{
    /// <summary>Decides an interval. Called once for each, in order.</summary>
    PolicyStep Step(in IntervalView view);
}

/// <summary>What a policy sees at the beginning of an interval: what came and went is known, what comes next is not.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Before">Instances there were.</param>
/// <param name="Interval">What happens at its beginning.</param>
/// <param name="Current">The strategy until now; <see cref="Strategy.None"/> at the start and in a pause.</param>
/// <param name="OwedMs">Of an earlier reconfiguration, what is still to be waited for, milliseconds.</param>
/// <param name="Chance">Null for expected costs; else which instances are lost is drawn from it.</param>
public readonly record struct IntervalView(int Index, int Before, TraceInterval Interval, Strategy Current, double OwedMs, Random? Chance)
{
    /// <summary>Instances there are.</summary>
    public int Available => Interval.Available;

    /// <summary>Whether instances came or went.</summary>
    public bool Changed => Interval.Added + Interval.Removed > 0;
}

/// <summary>What a policy does in an interval.</summary>
/// <param name="Strategy">What it runs; <see cref="Strategy.None"/> to pause.</param>
/// <param name="SamplesPerSecond">Once it runs.</param>
/// <param name="OwedMs">To be waited for from the beginning of this interval on, milliseconds; what exceeds the interval is carried on.</param>
/// <param name="Kind">The reconfiguration that begins here, or null.</param>
/// <param name="LostSamples">Samples trained before that are lost and must be trained again. The default value is 0.</param>
/// <param name="OnDemandInstances">Instances that it rents on demand in this interval, in place of those of the trace. The default value is 0.</param>
/// <param name="SpotInstances">Instances of the trace that it rents; null: all that there are, or none while it rents on demand. The default value is null.</param>
/// <param name="DoneAfterMs">The job is done so long after the beginning of this interval, and no more is trained; null: it is not done in it. The default value is null.</param>
public readonly record struct PolicyStep(
    Strategy Strategy, double SamplesPerSecond, double OwedMs, Costs.MigrationCaseKind? Kind, double LostSamples = 0, int OnDemandInstances = 0, int? SpotInstances = null,
    double? DoneAfterMs = null);
