using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Parcae.GpuWorker.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Models;

/// <summary>
/// GELU by its tanh approximation on host memory: the forward pass computes the slope beside the value, with one exponential for both, and keeps the slope in place of the input, so that the
/// backward pass is one multiplication. Torch's own computes a costlier tanh in each pass. Fused multiplications and divisions are rounded as IEEE 754 says: the same bits on every processor.
/// </summary>
internal sealed class GeluTanh : autograd.SingleTensorFunction<GeluTanh>
{
    // 0.5 (1 + tanh(u)) is 1 / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
    private const float Linear = 1.59576912f, Cubic = 0.044715f * Linear;

    public override string Name => nameof(GeluTanh);

    /// <summary>The function of every element of a contiguous float32 tensor on the CPU.</summary>
    public static Tensor Of(Tensor x)
    {
        if (x.requires_grad && is_grad_enabled()) return apply(x);
        var y = empty_like(x);
        Run(x, y, null);
        return y;
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        Tensor y = empty_like(x), slope = empty_like(x);
        Run(x, y, slope);
        ctx.save_for_backward([slope]);
        return y;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output * ctx.get_saved_variables()[0]];

    private static void Run(Tensor x, Tensor y, Tensor? slope)
    {
        using var input = x.detach();
        Memory<float> values = y.Floats(), slopes = slope?.Floats() ?? default;
        HostBlocks.Run(input.Floats().Span, (_, from, elements) =>
            Run(elements, values.Span.Slice(from, elements.Length), slopes.IsEmpty ? default : slopes.Span.Slice(from, elements.Length)));
    }

    private static void Run(ReadOnlySpan<float> x, Span<float> y, Span<float> slope)
    {
        int width = Vector256<float>.Count, whole = x.Length - x.Length % width;
        ref float input = ref MemoryMarshal.GetReference(x);
        ref float value = ref MemoryMarshal.GetReference(y);
        for (int i = 0; i < whole; i += width)
        {
            var (v, s) = Of(Vector256.LoadUnsafe(ref input, (nuint)i));
            v.StoreUnsafe(ref value, (nuint)i);
            if (!slope.IsEmpty) s.StoreUnsafe(ref MemoryMarshal.GetReference(slope), (nuint)i);
        }

        if (whole == x.Length) return;
        Span<float> rest = stackalloc float[width];
        rest.Clear();
        x[whole..].CopyTo(rest);
        var (lastValues, lastSlopes) = Of(Vector256.Create<float>(rest));
        lastValues.CopyTo(rest);
        rest[..(x.Length - whole)].CopyTo(y[whole..]);
        if (slope.IsEmpty) return;
        lastSlopes.CopyTo(rest);
        rest[..(x.Length - whole)].CopyTo(slope[whole..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<float> Value, Vector256<float> Slope) Of(Vector256<float> x)
    {
        var (one, square) = (Vector256<float>.One, x * x);
        var sigmoid = one / (one + Exp(x * Vector256.FusedMultiplyAdd(square, Vector256.Create(-Cubic), Vector256.Create(-Linear))));
        var value = x * sigmoid;
        var inner = Vector256.FusedMultiplyAdd(square, Vector256.Create(3 * Cubic), Vector256.Create(Linear));
        return (value, Vector256.FusedMultiplyAdd(value * (one - sigmoid), inner, sigmoid));
    }

    // exp(x) = 2^n exp(r), |r| <= ln(2) / 2, by the polynomial of the Cephes library. Beyond the limits the sigmoid is 0 or 1 to the last bit that matters.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.Min(Vector256.Max(x, Vector256.Create(-87f)), Vector256.Create(88f));
        // Adding 1.5 * 2^23 leaves the nearest whole number in the low bits.
        var shifted = Vector256.FusedMultiplyAdd(x, Vector256.Create(1.44269504f), Vector256.Create(12582912f));
        var n = shifted - Vector256.Create(12582912f);
        var r = Vector256.FusedMultiplyAdd(n, Vector256.Create(-0.693359375f), x);
        r = Vector256.FusedMultiplyAdd(n, Vector256.Create(2.12194440e-4f), r);
        var p = Vector256.FusedMultiplyAdd(Vector256.Create(1.9875691500e-4f), r, Vector256.Create(1.3981999507e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(8.3334519073e-3f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(4.1665795894e-2f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(1.6666665459e-1f));
        p = Vector256.FusedMultiplyAdd(p, r, Vector256.Create(5.0000001201e-1f));
        p = Vector256.FusedMultiplyAdd(p, r * r, r) + Vector256<float>.One;
        return (p.AsInt32() + Vector256.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
    }
}
