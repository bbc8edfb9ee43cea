namespace Parcae.GpuWorker.Profiling;

/// <summary>What a layer was measured to take.</summary>
/// <param name="ForwardSeconds">Forward pass of one sample, in a micro-batch.</param>
/// <param name="BackwardSeconds">Backward pass of one sample, in a micro-batch; all gradients, nothing computed again.</param>
/// <param name="UpdateSeconds">The optimizer's update of the layer, or null where it was not measured.</param>
public readonly record struct LayerTime(double ForwardSeconds, double BackwardSeconds, double? UpdateSeconds = null);

/// <summary>How long and how large a measurement may get.</summary>
public sealed record LayerTimingLimits
{
    /// <summary>Time for all layers together; a kind of layer for which nothing is left of it is run once all the same, until twice the time has passed. The default value is 2 seconds.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Memory for one layer with its gradients and activations, bytes; a layer that needs more is not measured. The default is half of what is free.</summary>
    public long MemoryBytes { get; init; } = FreeBytes() / 2;

    /// <summary>Runs of a layer after the first, of which the median counts. The default value is 5.</summary>
    public int Runs { get; init; } = 5;

    /// <summary>Whether the optimizer's update is measured too. The default value is false.</summary>
    public bool Update { get; init; }

    private static long FreeBytes()
    {
        // Within the limits of a container, as of the last collection.
        var memory = GC.GetGCMemoryInfo();
        return Math.Max(0, memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes);
    }
}
