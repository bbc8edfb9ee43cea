using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// The norm of the whole model's mean gradient, which clips and commits a step: the layers' sums of squares, each computed by whoever holds the
/// layer, added up in layer order. In float64 throughout, and in the same order on every machine.
/// </summary>
public static class Norms
{
    /// <summary>Sum of the squares of a layer's mean gradient.</summary>
    /// <param name="summedGradient">The layer's gradients summed over all micro-batches, flat float32.</param>
    /// <param name="microBatches">M, which the mean divides by.</param>
    public static double SumOfSquares(Tensor summedGradient, int microBatches)
    {
        ArgumentNullException.ThrowIfNull(summedGradient);
        return SumOfSquares(summedGradient.Floats().Span, microBatches);
    }

    /// <inheritdoc cref="SumOfSquares(Tensor, int)"/>
    public static double SumOfSquares(ReadOnlySpan<float> summedGradient, int microBatches)
    {
        // Eight running sums, whatever the width of the machine's registers: their number fixes the order of additions.
        var sums = Vector512<double>.Zero;
        var blocks = MemoryMarshal.Cast<float, Vector256<float>>(summedGradient);
        foreach (var block in blocks)
        {
            var (low, high) = Vector256.Widen(block);
            var wide = Vector512.Create(low, high);
            sums += wide * wide;
        }

        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++) sum += sums[lane];
        foreach (float last in summedGradient[(blocks.Length * Vector256<float>.Count)..]) sum += (double)last * last;
        return sum / ((double)microBatches * microBatches);
    }

    /// <summary>The norm from the sums of squares of all layers, in layer order.</summary>
    public static double Global(IEnumerable<double> sumsOfSquares)
    {
        ArgumentNullException.ThrowIfNull(sumsOfSquares);
        double sum = 0;
        foreach (double layer in sumsOfSquares) sum += layer;
        return Math.Sqrt(sum);
    }
}
