namespace Parcae.Liveput.Preemption;

/// <summary>Products of chances by number of losses, <c>[0 .. degree]</c>, from <see cref="LossPolynomial.Chances"/>: for a few dozen instances, where windows would not pay.</summary>
internal static class LossChances
{
    /// <summary>The product, cut off at a degree.</summary>
    public static double[] Product(double[] left, double[] right, int degree)
    {
        var product = new double[degree + 1];
        for (int i = 0; i <= degree; i++)
        {
            if (left[i] == 0) continue;
            for (int j = 0; j <= degree - i; j++) product[i + j] += left[i] * right[j];
        }

        return product;
    }

    /// <summary>The power, cut off at a degree.</summary>
    public static double[] Power(double[] factor, int exponent, int degree)
    {
        double[] power = [1, .. new double[degree]];
        for (var square = factor; exponent > 0; exponent >>= 1, square = Product(square, square, degree))
        {
            if ((exponent & 1) != 0) power = Product(power, square, degree);
        }

        return power;
    }
}
