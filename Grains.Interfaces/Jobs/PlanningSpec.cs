namespace Parcae.Grains;

/// <summary>What the planner may assume about an instance, and how far it looks.</summary>
[GenerateSerializer, Immutable, Alias("parcae.PlanningSpec")]
public sealed record PlanningSpec
{
    /// <summary>Memory of one instance, bytes: bounds how many layers a stage can hold.</summary>
    [Id(0)] public long MemoryBytes { get; init; } = 16L << 30;

    /// <summary>Sustained speed of one instance, floating-point operations per second; of no account where layer times are measured.</summary>
    [Id(1)] public double FlopsPerSecond { get; init; } = 50e9;

    /// <summary>Bandwidth between two instances, bytes per second.</summary>
    [Id(2)] public double LinkBytesPerSecond { get; init; } = 1e9;

    /// <summary>Intervals a plan looks ahead. The default value is 12.</summary>
    [Id(3)] public int LookAhead { get; init; } = 12;

    /// <summary>Most instances the job may use; null: all of the fleet.</summary>
    [Id(4)] public int? MaxInstances { get; init; }

    /// <summary>Forecaster, one of <see cref="Forecasters"/>. The default value is <c>persistence</c>.</summary>
    [Id(5)] public string Forecast { get; init; } = "persistence";

    /// <summary>
    /// One of <see cref="LayerTimeSources"/>: whether stages are balanced by the time that each layer takes on a worker, measured when the job begins, or by its floating-point operations at
    /// <see cref="FlopsPerSecond"/>. The default value is <c>measured</c>.
    /// </summary>
    [Id(6)] public string LayerTimes { get; init; } = "measured";

    /// <summary>Everything that <see cref="LayerTimes"/> can be.</summary>
    public static IReadOnlyList<string> LayerTimeSources { get; } = ["measured", "estimated"];

    /// <summary>Every forecaster that a job can name.</summary>
    public static IReadOnlyList<string> Forecasters { get; } = ["persistence", "arima", "artifact-arima", "holt", "survival", "ensemble"];
}
