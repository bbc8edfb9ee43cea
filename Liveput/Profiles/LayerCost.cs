namespace Parcae.Liveput.Profiles;

/// <summary>What one instance can do.</summary>
/// <param name="MemoryBytes">Memory for weights, gradients, optimizer state and activations.</param>
/// <param name="FlopsPerSecond">Sustained floating-point operations per second.</param>
/// <param name="LinkBytesPerSecond">Bandwidth between two instances, bytes per second.</param>
public readonly record struct AcceleratorSpec(long MemoryBytes, double FlopsPerSecond, double LinkBytesPerSecond);

/// <summary>What one layer costs.</summary>
/// <param name="Parameters">Trainable values.</param>
/// <param name="ForwardFlopsPerSample">Floating-point operations of the forward pass of one sample; the backward pass is taken as twice as much.</param>
/// <param name="ActivationBytesPerSample">What must be kept of one sample until its backward pass.</param>
/// <param name="OutputBytesPerSample">What is sent to the next stage when this is the last layer of a stage; as much comes back as gradient.</param>
/// <param name="ForwardSeconds">Measured time of the forward pass of one sample, or null where it was not measured.</param>
/// <param name="BackwardSeconds">Measured time of the backward pass of one sample, or null where it was not measured.</param>
/// <param name="UpdateSeconds">Measured time of the optimizer's update of the layer, or null where it was not measured.</param>
public readonly record struct LayerCost(
    long Parameters,
    double ForwardFlopsPerSample,
    long ActivationBytesPerSample,
    long OutputBytesPerSample,
    double? ForwardSeconds = null,
    double? BackwardSeconds = null,
    double? UpdateSeconds = null);

/// <summary>What of the way in which a model is trained bears on time and memory.</summary>
/// <param name="OptimizerSlots">Values that the optimizer keeps for a parameter: 2 for AdamW, 1 for SGD with momentum.</param>
/// <param name="Recompute">Whether activations are computed again in the backward pass instead of being kept.</param>
public readonly record struct TrainingMode(int OptimizerSlots, bool Recompute = false)
{
    private const int BytesPerValue = 4;

    /// <summary>AdamW, activations kept.</summary>
    public static TrainingMode Default => new(2);

    /// <summary>Memory that a parameter takes while training, bytes: value, gradient, and what the optimizer keeps.</summary>
    public int TrainingBytesPerParameter => BytesPerValue * (2 + OptimizerSlots);

    /// <summary>State of a parameter that a transfer moves, bytes: value, and what the optimizer keeps.</summary>
    public int StateBytesPerParameter => BytesPerValue * (1 + OptimizerSlots);
}

/// <summary>A measured entry of a throughput table.</summary>
/// <param name="Pipelines">D.</param>
/// <param name="Depth">P.</param>
/// <param name="SamplesPerSecond">Samples per second of the whole job, undisturbed.</param>
public readonly record struct MeasuredThroughput(int Pipelines, int Depth, double SamplesPerSecond);
