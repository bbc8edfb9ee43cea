using System.Diagnostics;
using Parcae.Liveput;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Makes planners that maximise liveput.</summary>
internal sealed class LiveputJobPlannerFactory : IJobPlannerFactory
{
    public IJobPlanner Create(JobSpec spec, ModelOutline outline) => new LiveputJobPlanner(spec, outline);

    public IJobForecaster Forecaster(JobSpec spec) => new LiveputJobForecaster(spec);
}

/// <summary>Puts a job's spec, its model's layers and its fleet's past to the liveput optimizer.</summary>
internal sealed class LiveputJobPlanner : IJobPlanner
{
    private readonly PlanningProfile _profile;
    private readonly LiveputOptimizer _optimizer;
    private readonly LiveputJobForecaster _forecaster;
    private (FleetSnapshot Fleet, AvailabilityForecast Forecast, TimeSpan Took)? _known;

    public LiveputJobPlanner(JobSpec spec, ModelOutline outline)
    {
        var (training, planning) = (spec.Training, spec.Planning);
        bool measured = planning.LayerTimes == "measured";
        _forecaster = new LiveputJobForecaster(spec);
        _profile = PlanningProfile.FromLayers(
            spec.Name,
            [.. outline.Layers.Select(l => new LayerCost(
                l.Length, l.ForwardFlops, l.ActivationBytes, l.OutputBytes, measured ? l.ForwardSeconds : null, measured ? l.BackwardSeconds : null))],
            training.GlobalBatch,
            training.MicroBatches,
            new AcceleratorSpec(planning.MemoryBytes, planning.FlopsPerSecond, planning.LinkBytesPerSecond),
            new TrainingMode(training.OptimizerSlots, training.Recompute));
        _optimizer = new LiveputOptimizer(_profile, new ProfiledCostModel(_profile), new OptimizerOptions { LookAhead = planning.LookAhead });
    }

    public int MinInstances => _profile.MinInstances;

    public PlanningResult Plan(PlanningSituation situation)
    {
        var (_, forecast, forecastTook) = Known(situation.Fleet);
        long start = Stopwatch.GetTimestamp();
        var decision = _optimizer.Plan(new PlanRequest
        {
            Current = situation.Current,
            Available = situation.Available,
            IntactPipelines = situation.IntactPipelines,
            Forecast = forecast,
            IntervalSeconds = situation.Fleet.IntervalLength.TotalSeconds,
        });
        return new PlanningResult(decision, forecastTook, Stopwatch.GetElapsedTime(start));
    }

    public double[] Worth(FleetSnapshot fleet)
    {
        int available = fleet.Intervals[^1].Available;
        double[] lost = Forecast(fleet).Intervals[0].Lost;
        double mean = lost.Select((p, k) => p * k).Sum();
        return InstanceWorth.Of(_profile, available == 0 ? 0 : Math.Min(1, mean / available), available);
    }

    public AvailabilityForecast Forecast(FleetSnapshot fleet) => Known(fleet).Forecast;

    public bool IsFeasible(Strategy strategy) => _profile.Throughput(strategy) > 0;

    /// <summary>The forecast for a fleet, made once: what instances are worth and what to do with them are asked of the same one.</summary>
    private (FleetSnapshot Fleet, AvailabilityForecast Forecast, TimeSpan Took) Known(FleetSnapshot fleet)
    {
        if (_known is { } known && ReferenceEquals(known.Fleet, fleet)) return known;
        long start = Stopwatch.GetTimestamp();
        var forecast = _forecaster.Forecast(fleet);
        return (_known = (fleet, forecast, Stopwatch.GetElapsedTime(start))).Value;
    }

    public LayerRange[] Partition(int depth) => [.. _profile.Partition(depth).Select(s => new LayerRange(s.First, s.Count))];
}
