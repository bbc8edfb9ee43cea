using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Simulation.Policies.Artifact;
using Parcae.Liveput.Simulation.Policies.Checkpointing;
using Parcae.Liveput.Simulation.Policies.Redundancy;
using Parcae.Liveput.Simulation.Policies.Templates;

namespace Parcae.Liveput.Simulation.Policies;

/// <summary>What policies are made with.</summary>
public sealed record PolicyOptions
{
    /// <summary>Forecaster of the policies that have one. The default value is <c>ensemble</c>.</summary>
    public string Forecast { get; init; } = Forecasters.Default;

    /// <summary>Intervals that the planners look into. The default value is 12.</summary>
    public int LookAhead { get; init; } = 12;

    /// <summary>Intervals of the past that forecasters see; 0: all. The default value is 12.</summary>
    public int History { get; init; } = 12;

    /// <summary>Most instances that there can be; null: the trace's capacity. The default value is null.</summary>
    public int? MaxInstances { get; init; }

    /// <summary>What liveput may spend; null: no bound. The default value is null.</summary>
    public Planning.Limits.HourlyBudget? Budget { get; init; }

    /// <summary>The job of the policy <c>deadline</c>, which needs one. The default value is null.</summary>
    public DeadlineOptions? Deadline { get; init; }

    /// <summary>Fixes what forecasters draw. The default value is 0.</summary>
    public int Seed { get; init; }
}

/// <summary>Policies by the names that the command line knows them by.</summary>
public static class PolicyNames
{
    /// <summary>The one that needs <see cref="PolicyOptions.Deadline"/>.</summary>
    public const string Deadline = "deadline";

    private static readonly Dictionary<string, Func<PolicyOptions, IPolicy>> Makers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ideal"] = _ => new IdealPolicy(),
        ["on-demand"] = _ => new OnDemandPolicy(),
        ["reactive"] = _ => new ReactivePolicy(),
        ["checkpoint"] = _ => new CheckpointPolicy(),
        ["redundant"] = _ => new RedundantPolicy(),
        ["templates"] = _ => new TemplatePolicy(),
        ["artifact"] = o => new ArtifactPolicy(o.Forecast, s => Forecaster(o, s), o.LookAhead, o.History),
        ["liveput-ahead"] = o => new Ahead.LiveputAheadPolicy(o.Forecast, s => Forecaster(o, s), new LiveputPolicyOptions { History = o.History, Optimizer = new OptimizerOptions { LookAhead = o.LookAhead } }),
        ["liveput"] = Liveput,
        ["oracle"] = o => new OraclePolicy(o.LookAhead),
        [Deadline] = o => new DeadlinePolicy(
            Liveput(o), o.Deadline ?? throw new ArgumentException($"The policy '{Deadline}' needs a job; it must have PolicyOptions.Deadline.", nameof(o))),
    };

    /// <summary>Every name.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Makers.Keys];

    /// <summary>Those that forecast.</summary>
    public static IReadOnlyList<string> Forecasting { get; } = ["artifact", "liveput-ahead", "liveput", Deadline];

    /// <summary>Those that look ahead.</summary>
    public static IReadOnlyList<string> LookingAhead { get; } = ["artifact", "liveput-ahead", "liveput", "oracle", Deadline];

    /// <summary>A policy.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <exception cref="ArgumentException">There is no such policy; the message lists those that there are.</exception>
    public static IPolicy Create(string name, PolicyOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Makers.TryGetValue(name, out var make)
            ? make(options ?? new PolicyOptions())
            : throw new ArgumentException($"'{name}' is not a policy; it must be one of {string.Join(", ", All)}.", nameof(name));
    }

    private static LiveputPolicy Liveput(PolicyOptions options) => new(
        options.Forecast, setting => Forecaster(options, setting),
        new LiveputPolicyOptions { History = options.History, Optimizer = new OptimizerOptions { LookAhead = options.LookAhead, Budget = options.Budget } });

    private static IAvailabilityForecaster Forecaster(PolicyOptions options, SimulationSetting setting) =>
        Forecasters.Create(options.Forecast, options.Seed, options.MaxInstances ?? setting.Trace.Capacity);
}
