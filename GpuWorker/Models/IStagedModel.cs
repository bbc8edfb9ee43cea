using Parcae.Grains;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// A model as a sequence of layers that can be cut anywhere. It owns no tensors: parameters come in with every call, so that a layer's state
/// can live in flat tensors that move between workers as they are. One tensor goes from each layer to the next.
/// </summary>
/// <remarks>
/// Forward must be a pure function of its input, its parameters and the pass's dropout: no state, no randomness of its own (Torch's process-wide
/// generator included). Then training is bit-identical wherever the model is cut.
/// </remarks>
public interface IStagedModel
{
    /// <summary>What the model was built from.</summary>
    ModelSpec Spec { get; }

    /// <summary>The model in a few words: <c>GPT, 6 blocks x 128, 4 heads, sequence 128, vocabulary 256</c>.</summary>
    string Description { get; }

    /// <summary>Layers that can be dealt to stages.</summary>
    int LayerCount { get; }

    /// <summary>Where each parameter of a layer lies in the layer's flat tensors.</summary>
    LayerLayout Layout(int layer);

    /// <summary>Shape of what a layer gives for one sample, without the batch dimension: <c>[sequence, hidden]</c>; of the last layer, what <see cref="Loss"/> takes.</summary>
    long[] OutputShape(int layer);

    /// <summary>Floating-point operations of a layer's forward pass of one sample; a multiplication and an addition count as two.</summary>
    double ForwardFlops(int layer);

    /// <summary>Bytes that a layer keeps of one sample until its backward pass, float32.</summary>
    long ActivationBytes(int layer);

    /// <summary>Runs one layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="pass">The layer's parameters and what else the pass needs.</param>
    /// <param name="input">
    /// For layer 0 the samples: int64 tokens <c>[microBatch, sequence]</c> or float32 images <c>[microBatch, channels, height, width]</c>; else float32, the output of the layer before.
    /// </param>
    /// <returns>float32, contiguous: the micro-batch dimension before <see cref="OutputShape"/>.</returns>
    Tensor Forward(int layer, LayerPass pass, Tensor input);

    /// <summary>Mean loss of a micro-batch, a float64 scalar.</summary>
    /// <param name="output">What the last layer gives.</param>
    /// <param name="targets">int64, as the data has them: <c>[microBatch, sequence]</c> tokens (-100: not to be predicted) or <c>[microBatch]</c> classes.</param>
    Tensor Loss(Tensor output, Tensor targets);
}
