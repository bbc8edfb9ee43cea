namespace Parcae.Grains;

/// <summary>A job's standing among the jobs of its fleet.</summary>
[GenerateSerializer, Immutable, Alias("parcae.SharingSpec")]
public sealed record SharingSpec
{
    /// <summary>Jobs of a higher priority are served first, with all that they can use. From -100 to 100. The default value is 0.</summary>
    [Id(0)] public int Priority { get; init; }

    /// <summary>Share among jobs of the same priority: twice the weight, twice the instances where they are worth as much. From 0.01 to 100. The default value is 1.</summary>
    [Id(1)] public double Weight { get; init; } = 1;

    /// <summary>With fewer instances than these the job rather pauses; 0: what its smallest plan needs. The default value is 0.</summary>
    [Id(2)] public int MinInstances { get; init; }

    /// <summary>Who submitted it: all jobs of a submitter together hold no more than their quota. The default value is empty: without a quota.</summary>
    [Id(3)] public string Submitter { get; init; } = "";
}
