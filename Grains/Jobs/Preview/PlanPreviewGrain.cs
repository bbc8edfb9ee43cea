using Orleans.Concurrency;

using Parcae.Grains.Jobs.Planning;
using Parcae.Liveput;

namespace Parcae.Grains.Jobs.Preview;

/// <summary>Plans jobs that there are not.</summary>
[Reentrant]
internal sealed class PlanPreviewGrain(IJobPlannerFactory planners, TimeProvider time) : Grain, IPlanPreviewGrain
{
    /// <summary>How long one instance may take; a preview is waited for by a person.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MostAsked = 3;

    public async Task<PlanPreview> Preview(JobSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (JobSpecValidation.Problems(spec) is { Count: > 0 } problems) throw new ArgumentException(string.Join(Environment.NewLine, problems));
        var fleet = await GrainFactory.GetGrain<IFleetGrain>(this.GetPrimaryKeyString()).Snapshot();
        InstanceRecord[] usable = [.. fleet.Instances.Where(i => i is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready or InstancePhase.Assigned })];
        int free = usable.Count(i => i.Phase == InstancePhase.Ready), others = fleet.Shares.Count(s => s.Value > 0);
        int instances = Math.Min(Math.Max(free, usable.Length / (others + 1)), spec.Planning.MaxInstances ?? int.MaxValue);
        var preview = new PlanPreview { Feasible = false, Reason = "", Usable = usable.Length, Free = free, OtherJobs = others, Instances = instances };
        var (outline, basis) = await Describe(spec, fleet);
        preview = preview with { Basis = basis };
        if (outline is null) return preview with { Reason = basis };
        return Planned(preview with { Model = outline.Description, Parameters = outline.Parameters }, spec, outline, fleet, usable);
    }

    private PlanPreview Planned(PlanPreview preview, JobSpec spec, ModelOutline outline, FleetSnapshot fleet, InstanceRecord[] usable)
    {
        var planner = planners.Create(spec, outline);
        int least = Math.Max(planner.MinInstances, spec.Sharing.MinInstances);
        if (planner.MinInstances == int.MaxValue)
            return preview with { Reason = $"no strategy fits, however many instances there are: with {spec.Planning.MemoryBytes:N0} bytes of memory (planning.memoryBytes) an instance cannot hold what a stage needs" };
        preview = preview with { MinInstances = least, ForecastNext = fleet.Intervals.Length == 0 ? null : planner.Forecast(fleet).Intervals[0].MeanAvailable };
        if (preview.Instances < least) return preview with { Reason = $"it needs at least {least} instances and can expect {preview.Instances} now; submitted all the same, it waits for more" };
        double price = usable.Length == 0 ? 0 : usable.Average(i => i.Info.PricePerHour);
        var decision = planner.Plan(new PlanningSituation(Strategy.None, preview.Instances, 0, fleet)).Decision;
        return preview with
        {
            Feasible = decision.Strategy != Strategy.None,
            Reason = decision.Reason,
            Pipelines = decision.Strategy.Pipelines,
            Depth = decision.Strategy.Depth,
            Liveput = decision.Liveput,
            UsdPerHour = price > 0 ? price * preview.Instances : null,
        };
    }

    /// <summary>The model as the first instance that answers describes it: free ones before busy ones before vaults. Null: nobody could; says why.</summary>
    private async Task<(ModelOutline? Outline, string Basis)> Describe(JobSpec spec, FleetSnapshot fleet)
    {
        var failures = new List<string>();
        var order = fleet.Instances.Where(i => i.Phase is InstancePhase.Ready or InstancePhase.Assigned)
            .OrderBy(i => i.Info.Role == InstanceRole.Vault).ThenBy(i => i.Phase).ThenBy(i => i.Info.Id, StringComparer.Ordinal);
        foreach (var instance in order.Take(MostAsked))
        {
            // Who is at work must not be kept from it by measurements, which it would disturb as well.
            bool measures = spec.Planning.LayerTimes == "measured" && instance is { Info.Role: InstanceRole.Worker, Phase: InstancePhase.Ready };
            var asked = measures ? spec : spec with { Planning = spec.Planning with { LayerTimes = "estimated" } };
            try
            {
                var outline = await GrainFactory.GetGrain<IInstanceGrain>(instance.Info.Id).Describe(asked).WaitAsync(Patience, time);
                return (outline, $"{instance.Info.Id} describes the model; layer times are {(measures ? "measured there" : "estimated")}");
            }
            catch (Exception e) when (e is InstanceGoneException or TimeoutException or OrleansException)
            {
                failures.Add($"{instance.Info.Id}: {e.Message}");
            }
        }

        return (null, failures.Count > 0 ? $"no instance could describe the model: {string.Join("; ", failures)}" : "the fleet has no instance yet that could describe the model; submitted all the same, the job waits for some");
    }
}
