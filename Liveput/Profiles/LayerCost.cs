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
public readonly record struct LayerCost(long Parameters, double ForwardFlopsPerSample, long ActivationBytesPerSample, long OutputBytesPerSample);

/// <summary>A measured entry of a throughput table.</summary>
/// <param name="Pipelines">D.</param>
/// <param name="Depth">P.</param>
/// <param name="SamplesPerSecond">Samples per second of the whole job, undisturbed.</param>
public readonly record struct MeasuredThroughput(int Pipelines, int Depth, double SamplesPerSecond);
