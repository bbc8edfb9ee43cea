namespace Parcae.Grains;

/// <summary>What the control plane knows of a model: its layers with what they cost. Made by a worker, which has the model.</summary>
[GenerateSerializer, Immutable, Alias("parcae.ModelOutline")]
public sealed record ModelOutline
{
    /// <summary>The model in a few words: <c>GPT, 6 blocks x 128, 4 heads, sequence 128, vocabulary 256</c>.</summary>
    [Id(0)] public required string Description { get; init; }

    /// <summary>The layers that can be dealt to stages, in order.</summary>
    [Id(1)] public required LayerOutline[] Layers { get; init; }

    /// <summary>Bytes of one parameter's state: its value and the optimizer's, float32.</summary>
    [Id(2)] public required int StateBytesPerParameter { get; init; }

    /// <summary>Values that are trained: tied ones counted once, running statistics not at all.</summary>
    [Id(3)] public required long Parameters { get; init; }
}

/// <summary>What one layer holds and costs.</summary>
/// <param name="Name">Such as <c>blocks.3</c>.</param>
/// <param name="Length">Values of its state that move with it: parameters, tied copies and running statistics.</param>
/// <param name="ForwardFlops">Floating-point operations of the forward pass of one sample.</param>
/// <param name="ActivationBytes">What must be kept of one sample until its backward pass.</param>
/// <param name="OutputBytes">What goes to the next stage for one sample when this is the last layer of a stage; 0 for the last layer.</param>
/// <param name="ForwardSeconds">Measured time of one sample's forward pass, or null.</param>
/// <param name="BackwardSeconds">Measured time of one sample's backward pass, or null.</param>
[GenerateSerializer, Immutable, Alias("parcae.LayerOutline")]
public sealed record LayerOutline(
    [property: Id(0)] string Name,
    [property: Id(1)] long Length,
    [property: Id(2)] double ForwardFlops,
    [property: Id(3)] long ActivationBytes,
    [property: Id(4)] long OutputBytes,
    [property: Id(5)] double? ForwardSeconds = null,
    [property: Id(6)] double? BackwardSeconds = null);
