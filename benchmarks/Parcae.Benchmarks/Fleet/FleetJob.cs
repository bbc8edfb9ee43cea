using Parcae.Grains;

namespace Parcae.Benchmarks.Fleet;

/// <summary>The job that a simulated fleet runs: a model of 64 layers of 25 million parameters, of which an instance of 16 GiB holds some at a time.</summary>
internal static class FleetJob
{
    private const int Layers = 64, BytesPerParameter = 12;
    private const long Parameters = 25_000_000;

    /// <summary>State of a layer.</summary>
    public const long LayerBytes = Parameters * BytesPerParameter;

    /// <summary>As a worker would describe it.</summary>
    public static ModelOutline Outline { get; } = new()
    {
        Description = "64 simulated layers",
        Layers = [.. Enumerable.Range(0, Layers).Select(i => new LayerOutline($"layer {i}", Parameters, 2e9 * Parameters / 1e6, 32 << 20, i < Layers - 1 ? 4 << 20 : 0))],
        StateBytesPerParameter = BytesPerParameter,
        Parameters = Layers * Parameters,
    };

    /// <summary>As it is submitted.</summary>
    public static JobSpec Spec { get; } = new()
    {
        Name = "fleet",
        Data = new DataSpec { Kind = "synthetic" },
        Training = new TrainingSpec { GlobalBatch = 1024, MicroBatches = 1024, Vault = false },
        Planning = new PlanningSpec { MemoryBytes = 16L << 30, FlopsPerSecond = 50e12, LinkBytesPerSecond = 10e9, LayerTimes = "estimated" },
    };
}
