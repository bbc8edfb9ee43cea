using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Numerics;

/// <summary>
/// GELU by its tanh approximation on host memory, and its gradient, each in one pass with one exponential, where Torch's own compute a costlier tanh. The slope is computed again from the
/// input: nothing is kept beside it. Fused multiplications and divisions are rounded as IEEE 754 says: the same bits on every processor and for any number of threads.
/// </summary>
internal static class GeluTanh
{
    // 0.5 (1 + tanh(u)) is 1 / (1 + exp(-2u)), u = sqrt(2 / pi) (x + 0.044715 x^3).
    private const float Linear = 1.59576912f, Cubic = 0.044715f * Linear;

    private interface IOf
    {
        static abstract Vector256<float> Of(Vector256<float> x, Vector256<float> other);
    }

    /// <summary>Whether a tensor is one that <see cref="Value"/> and <see cref="Gradient"/> take.</summary>
    public static bool Takes(Tensor x) => x.device_type == TorchSharp.DeviceType.CPU && x.dtype == ScalarType.Float32 && x.is_contiguous();

    /// <summary>The function of every element.</summary>
    public static Tensor Value(Tensor x) => Run<ValueOf>(x, x);

    /// <summary>The gradient of <paramref name="x"/> from the value's.</summary>
    public static Tensor Gradient(Tensor x, Tensor valueGradient) => Run<GradientOf>(x, valueGradient);

    private static Tensor Run<T>(Tensor x, Tensor other)
        where T : struct, IOf
    {
        using var input = x.detach();
        using var second = other.detach();
        var y = empty_like(input);
        Memory<float> others = second.Floats(), values = y.Floats();
        HostBlocks.Run(input.Floats().Span, (_, from, elements) =>
            Run<T>(elements, others.Span.Slice(from, elements.Length), values.Span.Slice(from, elements.Length)));
        return y;
    }

    private static void Run<T>(ReadOnlySpan<float> x, ReadOnlySpan<float> other, Span<float> y)
        where T : struct, IOf
    {
        int width = Vector256<float>.Count, whole = x.Length - x.Length % width;
        ref float input = ref MemoryMarshal.GetReference(x);
        ref float second = ref MemoryMarshal.GetReference(other);
        ref float value = ref MemoryMarshal.GetReference(y);
        for (int i = 0; i < whole; i += width)
            T.Of(Vector256.LoadUnsafe(ref input, (nuint)i), Vector256.LoadUnsafe(ref second, (nuint)i)).StoreUnsafe(ref value, (nuint)i);

        if (whole == x.Length) return;
        Span<float> rest = stackalloc float[2 * width];
        rest.Clear();
        x[whole..].CopyTo(rest);
        other[whole..].CopyTo(rest[width..]);
        T.Of(Vector256.Create<float>(rest), Vector256.Create<float>(rest[width..])).CopyTo(rest);
        rest[..(x.Length - whole)].CopyTo(y[whole..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Sigmoid(Vector256<float> x, Vector256<float> square) =>
        Vector256<float>.One / (Vector256<float>.One + Exp(x * Vector256.FusedMultiplyAdd(square, Vector256.Create(-Cubic), Vector256.Create(-Linear))));

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

    private readonly struct ValueOf : IOf
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x, Vector256<float> other) => x * Sigmoid(x, x * x);
    }

    private readonly struct GradientOf : IOf
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Of(Vector256<float> x, Vector256<float> other)
        {
            var square = x * x;
            var sigmoid = Sigmoid(x, square);
            var inner = Vector256.FusedMultiplyAdd(square, Vector256.Create(3 * Cubic), Vector256.Create(Linear));
            return other * Vector256.FusedMultiplyAdd(x * sigmoid * (Vector256<float>.One - sigmoid), inner, sigmoid);
        }
    }
}
