using TorchSharp;
using static TorchSharp.torch;

#pragma warning disable RS0030 // This is where numbers become scalars.

namespace Parcae.GpuWorker.Models;

/// <summary>
/// Elementwise arithmetic with numbers whose native half is kept alive for the length of the call. TorchSharp's operators (<c>x + y</c>, which multiplies y by a hidden 1;
/// <c>x * 0.5</c>) make a temporary <see cref="Scalar"/> that the garbage collector may finalize while native code still reads it: under memory pressure about one
/// call in a hundred thousand fails (docs/decisions/010). The engine and its models use these instead; the build refuses the others (BannedSymbols.txt).
/// </summary>
public static class Arithmetic
{
    private static readonly Scalar One = 1;

    /// <summary><c>x + y</c>.</summary>
    public static Tensor Plus(this Tensor x, Tensor y) => NotNull(x).add(y, One);

    /// <summary><c>x * factor</c>.</summary>
    public static Tensor Times(this Tensor x, double factor) => With(factor, NotNull(x).mul);

    /// <summary><c>x += y</c>.</summary>
    public static Tensor PlusInPlace(this Tensor x, Tensor y) => NotNull(x).add_(y, One);

    /// <summary><c>x += number</c>.</summary>
    public static Tensor PlusInPlace(this Tensor x, double number) => With(number, NotNull(x).add_);

    /// <summary><c>x -= y</c>.</summary>
    public static Tensor MinusInPlace(this Tensor x, Tensor y) => NotNull(x).sub_(y);

    /// <summary><c>x *= factor</c>.</summary>
    public static Tensor TimesInPlace(this Tensor x, double factor) => With(factor, NotNull(x).mul_);

    /// <summary><c>x /= divisor</c>.</summary>
    public static Tensor OverInPlace(this Tensor x, double divisor) => With(divisor, s => NotNull(x).div_(s));

    /// <summary>Every element becomes the number.</summary>
    public static Tensor FillInPlace(this Tensor x, double number) => With(number, NotNull(x).fill_);

    /// <summary>Where an integer x differs from the number.</summary>
    public static Tensor IsNot(this Tensor x, long number) => With(number, NotNull(x).ne);

    /// <summary>The greater one of x and the number.</summary>
    public static Tensor AtLeast(this Tensor x, long number) => With(number, NotNull(x).clamp_min);

    private static Tensor With(Scalar scalar, Func<Scalar, Tensor> operation)
    {
        var result = operation(scalar);
        GC.KeepAlive(scalar);
        return result;
    }

    private static Tensor NotNull(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return x;
    }
}
