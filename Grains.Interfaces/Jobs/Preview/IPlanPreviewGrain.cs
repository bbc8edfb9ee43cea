namespace Parcae.Grains;

/// <summary>Says what would become of a job before it is submitted; keyed by the fleet's name. Keeps nothing.</summary>
[Alias("parcae.IPlanPreviewGrain")]
public interface IPlanPreviewGrain : IGrainWithStringKey
{
    /// <summary>
    /// Has an instance describe the model, preferably one that is free (only that one measures layer times; a busy one estimates them), and plans the job's first interval on the fleet as it is.
    /// </summary>
    /// <exception cref="ArgumentException">The spec has problems (all are named), or no instance can train it; the message says why.</exception>
    /// <exception cref="InvalidDataException">The data cannot be opened; the message says why.</exception>
    [Alias("Preview"), ResponseTimeout("00:05:00")] Task<PlanPreview> Preview(JobSpec spec);
}

/// <summary>What the planner expects of a job that is not submitted yet.</summary>
[GenerateSerializer, Immutable, Alias("parcae.PlanPreview")]
public sealed record PlanPreview
{
    /// <summary>Whether it could begin with the instances that it can expect now.</summary>
    [Id(0)] public required bool Feasible { get; init; }

    /// <summary>Why this strategy, or why there is none; for people.</summary>
    [Id(1)] public required string Reason { get; init; }

    /// <summary>D of the plan; 0 where there is none.</summary>
    [Id(2)] public int Pipelines { get; init; }

    /// <summary>P of the plan; 0 where there is none.</summary>
    [Id(3)] public int Depth { get; init; }

    /// <summary>Expected samples per second of the plan over what may be preempted; 0 where there is none.</summary>
    [Id(4)] public double Liveput { get; init; }

    /// <summary>Usable worker instances of the fleet.</summary>
    [Id(5)] public required int Usable { get; init; }

    /// <summary>How many of them are nobody's.</summary>
    [Id(6)] public required int Free { get; init; }

    /// <summary>Other jobs that are to have instances.</summary>
    [Id(7)] public required int OtherJobs { get; init; }

    /// <summary>The instances that the plan reckons with: those that are free, or an even share of the fleet where that is more; no more than the job allows.</summary>
    [Id(8)] public required int Instances { get; init; }

    /// <summary>The fewest instances that any plan needs; null: none is feasible, however many there are.</summary>
    [Id(9)] public int? MinInstances { get; init; }

    /// <summary>What the instances cost, USD per hour; null where the fleet's instances have no prices.</summary>
    [Id(10)] public double? UsdPerHour { get; init; }

    /// <summary>The model in a few words; null where no instance could describe it.</summary>
    [Id(11)] public string? Model { get; init; }

    /// <summary>Values that are trained.</summary>
    [Id(12)] public long? Parameters { get; init; }

    /// <summary>Who described the model and whether its layer times are measured or estimated; for people.</summary>
    [Id(13)] public string Basis { get; init; } = "";

    /// <summary>Mean of the forecast for the fleet's next interval, instances; null where it has no history.</summary>
    [Id(14)] public double? ForecastNext { get; init; }

    /// <summary>Expected samples per hour.</summary>
    public double SamplesPerHour => Liveput * 3600;

    /// <summary>Expected cost of a million samples, USD; null without prices or a plan.</summary>
    public double? UsdPerMillionSamples => UsdPerHour is { } usd && Liveput > 0 ? usd / SamplesPerHour * 1e6 : null;
}
