using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Makes the planner of a job.</summary>
internal interface IJobPlannerFactory
{
    /// <summary>A planner for what <paramref name="spec"/> asks for.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="outline">Its model, as a worker described it.</param>
    IJobPlanner Create(JobSpec spec, ModelOutline outline);

    /// <summary>The forecast alone, which needs no model.</summary>
    IJobForecaster Forecaster(JobSpec spec);
}

/// <summary>Forecasts for one job.</summary>
internal interface IJobForecaster
{
    /// <summary>What the coming intervals may bring.</summary>
    AvailabilityForecast Forecast(FleetSnapshot fleet);
}

/// <summary>Plans for one job.</summary>
internal interface IJobPlanner : IJobForecaster
{
    /// <summary>The fewest instances that any plan needs; <see cref="int.MaxValue"/> when nothing is feasible.</summary>
    int MinInstances { get; }

    /// <summary>Expected samples per second by number of instances, from 0 to all that there are in the fleet, with what may be lost in an interval reckoned in.</summary>
    double[] Worth(FleetSnapshot fleet);

    /// <summary>What the coming intervals may bring, and what to do about it.</summary>
    PlanningResult Plan(PlanningSituation situation);

    /// <summary>Whether the model can be run so at all, on as many instances as that takes.</summary>
    bool IsFeasible(Strategy strategy);

    /// <summary>The layers of each stage at a depth, <c>[depth]</c>.</summary>
    LayerRange[] Partition(int depth);
}

/// <summary>What a job's plan starts from.</summary>
/// <param name="Current">The strategy in force, or a pause.</param>
/// <param name="Available">Instances that the job can use.</param>
/// <param name="IntactPipelines">Of the current plan's pipelines, how many every stage can still man without moving a layer.</param>
/// <param name="Fleet">The fleet with its past.</param>
internal sealed record PlanningSituation(Strategy Current, int Available, int IntactPipelines, FleetSnapshot Fleet);

/// <summary>A decision, and how long it took.</summary>
/// <param name="Decision">What to run, and why.</param>
/// <param name="ForecastTook">Time for the forecast.</param>
/// <param name="PlanTook">Time for the decision.</param>
internal sealed record PlanningResult(PlanDecision Decision, TimeSpan ForecastTook, TimeSpan PlanTook)
{
    /// <summary>Where the decision was taken from, for people, when it is a plan's that was made elsewhere; null: it is the planner's.</summary>
    public string? Followed { get; init; }
}
