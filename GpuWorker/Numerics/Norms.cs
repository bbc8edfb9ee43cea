using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Parcae.GpuWorker.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// The norm of the whole model's mean gradient, which clips and commits a step: the layers' sums of squares, each computed by whoever holds the
/// layer, added up in layer order. In float64 throughout, and in the same order on every machine.
/// </summary>
public static class Norms
{
    /// <summary>Sum of the squares of a layer's mean gradient. Tied copies are left out (their owner counts them), and so are running statistics.</summary>
    /// <param name="layout">The layer.</param>
    /// <param name="summedGradient">The layer's gradients summed over all micro-batches, flat float32 <c>[Length]</c>.</param>
    /// <param name="microBatches">M, which the mean divides by.</param>
    public static double SumOfSquares(LayerLayout layout, Tensor summedGradient, int microBatches)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(summedGradient);
        if (summedGradient.device_type == DeviceType.CPU) return SumOfSquares(layout, summedGradient.Floats().Span, microBatches);
        using var scope = NewDisposeScope();
        // Squared in one go and read together: each operation costs a launch, each reading waits for the device.
        var squares = summedGradient.to(ScalarType.Float64).square();
        Tensor[] own = [.. layout.Parameters.Where(p => p.IsOwn).Select(p => squares.narrow(0, p.Offset, p.Length).sum())];
        if (own.Length == 0) return 0;
        double sum = 0;
        foreach (double parameter in stack(own).cpu().data<double>()) sum += parameter;
        return sum / ((double)microBatches * microBatches);
    }

    /// <inheritdoc cref="SumOfSquares(LayerLayout, Tensor, int)"/>
    public static double SumOfSquares(LayerLayout layout, ReadOnlySpan<float> summedGradient, int microBatches)
    {
        ArgumentNullException.ThrowIfNull(layout);
        double sum = 0;
        foreach (var p in layout.Parameters)
        {
            if (p.IsOwn) sum += SumOfSquares(summedGradient.Slice((int)p.Offset, (int)p.Length));
        }

        return sum / ((double)microBatches * microBatches);
    }

    private static double SumOfSquares(ReadOnlySpan<float> gradient)
    {
        // Block by block, whatever the number of threads: the blocks fix the order of additions.
        var sums = new double[HostBlocks.Count(gradient.Length)];
        HostBlocks.Run(gradient, (block, _, elements) => sums[block] = OfBlock(elements));
        double sum = 0;
        foreach (double block in sums) sum += block;
        return sum;
    }

    private static double OfBlock(ReadOnlySpan<float> gradient)
    {
        // Eight running sums, whatever the width of the machine's registers: their number fixes the order of additions.
        var sums = Vector512<double>.Zero;
        var blocks = MemoryMarshal.Cast<float, Vector256<float>>(gradient);
        foreach (var block in blocks)
        {
            var (low, high) = Vector256.Widen(block);
            var wide = Vector512.Create(low, high);
            sums += wide * wide;
        }

        double sum = 0;
        for (int lane = 0; lane < Vector512<double>.Count; lane++) sum += sums[lane];
        foreach (float last in gradient[(blocks.Length * Vector256<float>.Count)..]) sum += (double)last * last;
        return sum;
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
