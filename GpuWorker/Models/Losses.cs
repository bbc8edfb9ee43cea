using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>Losses as the engine wants them: a float64 scalar per micro-batch.</summary>
public static class Losses
{
    /// <summary>The target of what is not to be predicted.</summary>
    public const long Ignored = -100;

    /// <summary>
    /// Mean cross-entropy over what is to be predicted: each in float32, their mean in float64, which then hardly depends on how many there are. 0, with
    /// gradients of 0, where a micro-batch has nothing to predict.
    /// </summary>
    /// <param name="logits">float32 <c>[..., classes]</c>.</param>
    /// <param name="targets">int64 <c>[...]</c>: classes, or <see cref="Ignored"/>.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        // What is ignored gives 0 here.
        var each = nn.functional.cross_entropy(logits.view(-1, logits.shape[^1]), targets.view(-1), ignore_index: Ignored, reduction: nn.Reduction.None);
        var count = targets.IsNot(Ignored).sum().AtLeast(1);
        return each.to(ScalarType.Float64).sum() / count;
    }
}
