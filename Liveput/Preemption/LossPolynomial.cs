namespace Parcae.Liveput.Preemption;

/// <summary>Polynomials whose coefficient j is a probability that j instances are lost, each independently with the same chance, cut off at a degree.</summary>
internal static class LossPolynomial
{
    /// <summary>Exactly j of <paramref name="count"/> are lost, <c>[0 .. degree]</c>.</summary>
    public static double[] Binomial(int count, double chance, int degree)
    {
        var coefficients = new double[degree + 1];
        if (chance is <= 0 or >= 1)
        {
            int certain = chance <= 0 ? 0 : count;
            if (certain <= degree) coefficients[certain] = 1;
            return coefficients;
        }

        // From the most likely count outwards, so that a tail that underflows takes nothing with it.
        int top = Math.Min(degree, count);
        int mode = Math.Min(top, (int)((count + 1) * chance));
        double odds = chance / (1 - chance);
        coefficients[mode] = Math.Exp(LogFactorial(count) - LogFactorial(mode) - LogFactorial(count - mode) + (mode * Math.Log(chance)) + ((count - mode) * Math.Log(1 - chance)));
        for (int j = mode; j < top; j++) coefficients[j + 1] = coefficients[j] * odds * (count - j) / (j + 1);
        for (int j = mode; j > 0; j--) coefficients[j - 1] = coefficients[j] * j / (odds * (count - j + 1));
        return coefficients;
    }

    /// <summary>One stage of <paramref name="replicas"/> loses j, and at most <paramref name="allowed"/>, <c>[0 .. degree]</c>.</summary>
    public static double[] Stage(int replicas, int allowed, double chance, int degree)
    {
        var coefficients = Binomial(replicas, chance, degree);
        if (allowed < degree) Array.Clear(coefficients, allowed + 1, degree - allowed);
        return coefficients;
    }

    /// <summary>The <paramref name="exponent"/>-th power, cut off at <paramref name="degree"/>.</summary>
    public static double[] Power(double[] factor, int exponent, int degree)
    {
        double[]? result = null;
        var square = factor;
        for (int rest = exponent; ; rest >>= 1)
        {
            if ((rest & 1) != 0) result = result is null ? square : Product(result, square, degree);
            if (rest <= 1) return result ?? [1, .. new double[degree]];
            square = Product(square, square, degree);
        }
    }

    /// <summary>The product, cut off at <paramref name="degree"/>.</summary>
    public static double[] Product(double[] left, double[] right, int degree)
    {
        var product = new double[degree + 1];
        for (int i = 0; i <= degree; i++)
        {
            double factor = left[i];
            if (factor == 0) continue;
            for (int j = 0; j <= degree - i; j++) product[i + j] += factor * right[j];
        }

        return product;
    }

    /// <summary>Multiplies by one more instance, which may be lost or not, in place.</summary>
    public static void AddInstance(Span<double> coefficients, double chance)
    {
        for (int j = coefficients.Length - 1; j > 0; j--) coefficients[j] = (coefficients[j] * (1 - chance)) + (coefficients[j - 1] * chance);
        coefficients[0] *= 1 - chance;
    }

    private static double LogFactorial(int n)
    {
        if (n < 32)
        {
            double product = 1;
            for (int i = 2; i <= n; i++) product *= i;
            return Math.Log(product);
        }

        // Stirling's series; the next term is below 1e-16 from 32 on.
        double x = n, inverse = 1 / x, square = inverse * inverse;
        return (x * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI * x)) + (inverse * ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square / 1680)))))));
    }
}
