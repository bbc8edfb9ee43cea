using System.Numerics;
using System.Runtime.InteropServices;

namespace Parcae.Liveput.Preemption;

/// <summary>
/// A polynomial whose coefficient j is the probability that j of some instances are lost, each independently with the same chance, known in a window of degrees and 0 outside.
/// </summary>
/// <param name="Low">The lowest degree of the window.</param>
/// <param name="Values">Coefficients, <c>[High - Low + 1]</c>.</param>
/// <remarks>
/// All coefficients are at least 0 and at most 1: sums and products lose no digits to cancellation, cannot overflow, and a product is never greater than its factors, so that whatever
/// underflows on the way could not have mattered in the end.
/// </remarks>
internal readonly record struct LossPolynomial(int Low, double[] Values)
{
    /// <summary>Impossible.</summary>
    public static LossPolynomial Zero { get; } = new(0, []);

    /// <summary>Nothing is lost.</summary>
    public static LossPolynomial One { get; } = new(0, [1]);

    /// <summary>The highest degree of the window; below <see cref="Low"/> when the polynomial is 0.</summary>
    public int High => Low + Values.Length - 1;

    /// <summary>The coefficient of a degree.</summary>
    public double this[int degree] => degree >= Low && degree <= High ? Values[degree - Low] : 0;

    /// <summary>Exactly j of <paramref name="count"/> are lost, in the window [<paramref name="low"/>, <paramref name="high"/>].</summary>
    /// <param name="count">At least 0.</param>
    /// <param name="chance">Of each, in [0, 1].</param>
    /// <param name="low">At least 0.</param>
    /// <param name="high">May lie beyond <paramref name="count"/>.</param>
    public static LossPolynomial Binomial(int count, double chance, int low, int high)
    {
        high = Math.Min(high, count);
        if (high < low) return Zero;
        if (chance <= 0 || chance >= 1)
        {
            int certain = chance <= 0 ? 0 : count;
            return certain >= low && certain <= high ? new LossPolynomial(certain, [1]) : Zero;
        }

        // From the most likely count outwards, then scaled to a sum of 1: no logarithms of factorials, whose digits run out for thousands of instances.
        var values = new double[high - low + 1];
        int mode = Math.Min(count, (int)((count + 1) * chance));
        double odds = chance / (1 - chance), sum = 0, value = 1;
        for (int j = mode; j <= count && (j <= high || value > 1e-20 * sum); j++)
        {
            sum += value;
            if (j >= low && j <= high) values[j - low] = value;
            value *= odds * (count - j) / (j + 1);
        }

        value = mode / (odds * (count - mode + 1));
        for (int j = mode - 1; j >= 0 && (j >= low || value > 1e-20 * sum); j--)
        {
            sum += value;
            if (j >= low && j <= high) values[j - low] = value;
            value *= j / (odds * (count - j + 1));
        }

        for (int i = 0; i < values.Length; i++) values[i] /= sum;
        return new LossPolynomial(low, values);
    }

    /// <summary>Exactly j of <paramref name="count"/> are lost.</summary>
    public static LossPolynomial Binomial(int count, double chance) => Binomial(count, chance, 0, count);

    /// <summary>Coefficients of the degrees from 0 on, <c>[0 .. degree]</c>.</summary>
    public double[] Coefficients(int degree)
    {
        var coefficients = new double[degree + 1];
        for (int d = Low; d <= Math.Min(High, degree); d++) coefficients[d] = Values[d - Low];
        return coefficients;
    }

    /// <summary>The sum; of chances that exclude each other.</summary>
    public LossPolynomial Plus(in LossPolynomial other)
    {
        if (Values.Length == 0) return other;
        if (other.Values.Length == 0) return this;
        int low = Math.Min(Low, other.Low);
        var sum = new double[Math.Max(High, other.High) - low + 1];
        Values.CopyTo(sum, Low - low);
        for (int i = 0; i < other.Values.Length; i++) sum[other.Low - low + i] += other.Values[i];
        return new LossPolynomial(low, sum);
    }

    /// <summary>The product in the window [<paramref name="low"/>, <paramref name="high"/>].</summary>
    public LossPolynomial Times(in LossPolynomial other, int low, int high)
    {
        low = Math.Max(low, Low + other.Low);
        high = Math.Min(high, High + other.High);
        if (high < low || Values.Length == 0 || other.Values.Length == 0) return Zero;
        var product = new double[high - low + 1];
        var (few, many) = Values.Length <= other.Values.Length ? (this, other) : (other, this);
        MultiplyAdd(few, many, product, low);
        return new LossPolynomial(low, product);
    }

    /// <summary>The power, every partial product of n factors kept in the window that <paramref name="window"/> gives for n.</summary>
    /// <param name="exponent">At least 1.</param>
    /// <param name="window">Degrees that are asked of a product of n factors.</param>
    public LossPolynomial Power(int exponent, Func<int, (int Low, int High)> window)
    {
        var power = this;
        int factors = 1;
        for (int bit = BitOperations.Log2((uint)exponent) - 1; bit >= 0; bit--)
        {
            factors *= 2;
            var (low, high) = window(factors);
            power = power.Times(power, low, high);
            if ((exponent >> bit & 1) == 0) continue;
            (low, high) = window(++factors);
            power = power.Times(this, low, high);
        }

        return power;
    }

    /// <summary>The coefficient of one degree in a product.</summary>
    public double CoefficientOfProduct(in LossPolynomial other, int degree)
    {
        double sum = 0;
        for (int i = Math.Max(Low, degree - other.High); i <= Math.Min(High, degree - other.Low); i++) sum += Values[i - Low] * other.Values[degree - i - other.Low];
        return sum;
    }

    /// <summary>product[d - low] += sum over i of few[i] * many[d - i], four i at a time so that each part of the product is loaded and stored once for them.</summary>
    private static void MultiplyAdd(in LossPolynomial few, in LossPolynomial many, double[] product, int low)
    {
        // Degree d of the product needs many's index d - i - many.Low: what index 0 of the product needs of many, for i = few.Low.
        int shift = low - few.Low - many.Low;
        int rows = few.Values.Length, i = 0;
        for (; i + 4 <= rows; i += 4)
        {
            // The range of the product that all four reach; the rims are left to the loop for single rows.
            int first = Math.Max(0, i + 3 - shift), last = Math.Min(product.Length, i + many.Values.Length - shift);
            if (last - first < Vector<double>.Count)
            {
                for (int r = i; r < i + 4; r++) Row(few.Values[r], many.Values, product, r - shift, 0, product.Length);
                continue;
            }

            for (int r = i; r < i + 4; r++)
            {
                Row(few.Values[r], many.Values, product, r - shift, 0, first);
                Row(few.Values[r], many.Values, product, r - shift, last, product.Length);
            }

            Rows(few.Values.AsSpan(i, 4), many.Values, product, i - shift, first, last);
        }

        for (; i < rows; i++) Row(few.Values[i], many.Values, product, i - shift, 0, product.Length);
    }

    private static void Rows(ReadOnlySpan<double> factors, double[] many, double[] product, int offset, int first, int last)
    {
        ref double target = ref MemoryMarshal.GetArrayDataReference(product), source = ref MemoryMarshal.GetArrayDataReference(many);
        Vector<double> a = new(factors[0]), b = new(factors[1]), c = new(factors[2]), d = new(factors[3]);
        int t = first, width = Vector<double>.Count;
        for (; t + width <= last; t += width)
        {
            var sum = Vector.LoadUnsafe(ref target, (nuint)t);
            sum = Vector.FusedMultiplyAdd(a, Vector.LoadUnsafe(ref source, (nuint)(t - offset)), sum);
            sum = Vector.FusedMultiplyAdd(b, Vector.LoadUnsafe(ref source, (nuint)(t - offset - 1)), sum);
            sum = Vector.FusedMultiplyAdd(c, Vector.LoadUnsafe(ref source, (nuint)(t - offset - 2)), sum);
            sum = Vector.FusedMultiplyAdd(d, Vector.LoadUnsafe(ref source, (nuint)(t - offset - 3)), sum);
            sum.StoreUnsafe(ref target, (nuint)t);
        }

        for (int r = 0; r < 4; r++) Row(factors[r], many, product, offset + r, t, last);
    }

    private static void Row(double factor, double[] many, double[] product, int offset, int first, int last)
    {
        if (factor == 0) return;
        first = Math.Max(first, offset);
        last = Math.Min(last, offset + many.Length);
        for (int t = first; t < last; t++) product[t] = Math.FusedMultiplyAdd(factor, many[t - offset], product[t]);
    }
}
