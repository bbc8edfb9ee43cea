namespace Parcae.Grains;

/// <summary>What to train, on what, and within which limits. Immutable once submitted.</summary>
[GenerateSerializer, Immutable, Alias("parcae.JobSpec")]
public sealed record JobSpec
{
    /// <summary>A name for people. The default value is <c>job</c>.</summary>
    [Id(0)] public string Name { get; init; } = "job";

    /// <summary>The model.</summary>
    [Id(1)] public ModelSpec Model { get; init; } = new();

    /// <summary>The training data.</summary>
    [Id(2)] public DataSpec Data { get; init; } = new();

    /// <summary>Batch, optimizer and length of the run.</summary>
    [Id(3)] public TrainingSpec Training { get; init; } = new();

    /// <summary>What the planner may assume and use.</summary>
    [Id(4)] public PlanningSpec Planning { get; init; } = new();

    /// <summary>The fleet whose instances the job uses. The default value is <c>default</c>.</summary>
    [Id(5)] public string Fleet { get; init; } = ParcaeNames.DefaultFleet;

    /// <summary>Its standing among the jobs of the fleet.</summary>
    [Id(6)] public SharingSpec Sharing { get; init; } = new();
}
