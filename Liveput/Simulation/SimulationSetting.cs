using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Traces;

namespace Parcae.Liveput.Simulation;

/// <summary>What a policy is tried on.</summary>
/// <param name="Profile">The model on its instances.</param>
/// <param name="Trace">Availability.</param>
/// <param name="Costs">Price of every transition.</param>
public sealed record SimulationSetting(PlanningProfile Profile, AvailabilityTrace Trace, ITransitionCosts Costs)
{
    /// <summary>Length of an interval, milliseconds.</summary>
    public double IntervalMs => Trace.IntervalSeconds * 1000;
}
