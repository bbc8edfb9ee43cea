using System.Diagnostics;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Planning;
using Parcae.Liveput.Profiles;
using History = Parcae.Liveput.Forecasting.AvailabilityInterval;

namespace Parcae.Grains.Jobs.Planning;

/// <summary>Makes planners that maximise liveput.</summary>
internal sealed class LiveputJobPlannerFactory : IJobPlannerFactory
{
    public IJobPlanner Create(JobSpec spec) => new LiveputJobPlanner(spec);
}

/// <summary>Puts a job's spec and its fleet's past to the liveput optimizer.</summary>
internal sealed class LiveputJobPlanner : IJobPlanner
{
    private readonly PlanningProfile _profile;
    private readonly LiveputOptimizer _optimizer;
    private readonly IAvailabilityForecaster _forecaster;
    private readonly int _lookAhead;

    public LiveputJobPlanner(JobSpec spec)
    {
        var (model, training, planning) = (spec.Model, spec.Training, spec.Planning);
        _lookAhead = planning.LookAhead;
        _forecaster = Forecasters.Create(planning.Forecast);
        _profile = PlanningProfile.FromLayers(
            spec.Name,
            TransformerCosts.Layers(model.Blocks, model.Hidden, model.Heads, model.SequenceLength, model.Vocabulary),
            training.GlobalBatch,
            training.MicroBatches,
            new AcceleratorSpec(planning.MemoryBytes, planning.FlopsPerSecond, planning.LinkBytesPerSecond));
        _optimizer = new LiveputOptimizer(_profile, new ProfiledCostModel(_profile), new OptimizerOptions { LookAhead = _lookAhead });
    }

    public int MinInstances => _profile.MinInstances;

    public PlanningResult Plan(PlanningSituation situation)
    {
        long start = Stopwatch.GetTimestamp();
        var forecast = Forecast(situation.Fleet);
        var forecastTook = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
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

    public AvailabilityForecast Forecast(FleetSnapshot fleet) =>
        _forecaster.Forecast([.. fleet.Intervals.Select(i => new History(i.Available, i.Joined, i.Lost))], _lookAhead);

    public LayerRange[] Partition(int depth) => [.. _profile.Partition(depth).Select(s => new LayerRange(s.First, s.Count))];
}
