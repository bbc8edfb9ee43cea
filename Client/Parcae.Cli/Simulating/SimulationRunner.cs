using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Planning.Limits;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;

namespace Parcae.Cli.Simulating;

/// <summary>What came of one policy of a run.</summary>
/// <param name="LookAhead">Intervals that it looked into; null where it does not look ahead.</param>
/// <param name="Result">With expected costs.</param>
/// <param name="Drawn">Over realizations, or null.</param>
internal sealed record PolicyOutcome(int? LookAhead, PolicyResult Result, Realizations? Drawn)
{
    /// <summary>Whether it has a job that can be done.</summary>
    public bool HasJob => Result.Policy == PolicyNames.Deadline;

    /// <summary>The policy with what tells it from its like.</summary>
    public string Title(bool severalLookAheads) =>
        Result.Policy + (Result.Forecast is { } forecast ? $" ({forecast})" : "") + (severalLookAheads && LookAhead is { } ahead ? $" {ahead}" : "");
}

/// <summary>All policies on one setting.</summary>
/// <param name="Part">The part of the trace.</param>
/// <param name="Setting">Model, trace and costs.</param>
/// <param name="RestartCost">Fixed, seconds, or null.</param>
/// <param name="IdealSamples">Of the ideal policy.</param>
/// <param name="Policies">In the order asked for.</param>
internal sealed record SimulationRun(TracePart Part, SimulationSetting Setting, double? RestartCost, double IdealSamples, IReadOnlyList<PolicyOutcome> Policies)
{
    public double Fraction(double samples) => IdealSamples > 0 ? samples / IdealSamples : 0;
}

/// <summary>Simulates what a request asks for.</summary>
internal static class SimulationRunner
{
    /// <summary>Runs everything, one after another.</summary>
    /// <param name="request">What to simulate.</param>
    /// <param name="progress">Told the share that is done, and what is next.</param>
    /// <param name="cancellation">Ends it between two intervals.</param>
    public static IReadOnlyList<SimulationRun> Run(SimulationRequest request, Action<double, string> progress, CancellationToken cancellation)
    {
        var runs = new List<SimulationRun>();
        var variants = Variants(request).ToList();
        double steps = (double)request.Runs * variants.Count * (1 + request.Draws);
        int done = 0;
        foreach (var profile in request.Profiles)
        {
            foreach (double? restart in request.RestartCosts)
            {
                // Prices are kept from part to part.
                var costs = TransitionCosts.Create(request.CostModel, profile, restart * 1000);
                foreach (var part in request.Parts)
                {
                    var setting = new SimulationSetting(profile, part.Trace, costs);
                    double ideal = Simulator.Run(new IdealPolicy(), setting, cancellation: cancellation).Samples;
                    var outcomes = new List<PolicyOutcome>();
                    foreach (var (name, forecast, lookAhead) in variants)
                    {
                        progress(done / steps, $"{profile.Model} on {part.Trace.Name}: {name}");
                        var policy = PolicyNames.Create(name, Options(request, profile, forecast, lookAhead));
                        var result = Simulator.Run(policy, setting, cancellation: cancellation);
                        done++;
                        var drawn = request.Draws == 0 ? null : Realizations.OfSamples(policy, setting, request.Draws, request.Seed, () => progress(++done / steps, $"{profile.Model} on {part.Trace.Name}: {name}, drawn"), cancellation);
                        outcomes.Add(new PolicyOutcome(lookAhead, result, drawn));
                    }

                    runs.Add(new SimulationRun(part, setting, restart, ideal, outcomes));
                }
            }
        }

        progress(1, "done");
        return runs;
    }

    /// <summary>Every policy, with every forecaster and look-ahead where it has one.</summary>
    private static IEnumerable<(string Policy, string? Forecast, int? LookAhead)> Variants(SimulationRequest request) =>
        from policy in request.Policies
        from forecast in PolicyNames.Forecasting.Contains(policy) ? (IReadOnlyList<string?>)request.Forecasts(policy) : [null]
        from lookAhead in PolicyNames.LookingAhead.Contains(policy) ? request.LookAheads.Select(n => (int?)n) : [null]
        select (policy, forecast, lookAhead);

    private static PolicyOptions Options(SimulationRequest request, PlanningProfile profile, string? forecast, int? lookAhead)
    {
        var defaults = new PolicyOptions();
        return new PolicyOptions
        {
            Forecast = forecast ?? defaults.Forecast,
            LookAhead = lookAhead ?? defaults.LookAhead,
            History = request.History,
            MaxInstances = request.MaxInstances,
            Budget = request.Budget is { } usd ? new HourlyBudget(usd, profile.Prices) : null,
            Deadline = request.Deadline,
            Seed = request.Seed,
        };
    }
}
