namespace Parcae.Liveput.Preemption;

/// <summary>Polynomials whose coefficient j is a probability that j instances are lost, each independently with the same chance, all coefficients up to a degree; where only some matter, see <see cref="LossWindow"/>.</summary>
internal static class LossPolynomial
{
    /// <summary>Exactly j of <paramref name="count"/> are lost, <c>[0 .. degree]</c>; certainty is allowed.</summary>
    public static double[] Binomial(int count, double chance, int degree)
    {
        var coefficients = new double[degree + 1];
        if (chance is > 0 and < 1) LossWindow.Binomial(count, chance, 0, degree).Values.CopyTo(coefficients, 0);
        else if (chance <= 0 || count <= degree) coefficients[chance <= 0 ? 0 : count] = 1;
        return coefficients;
    }

    /// <summary>The <paramref name="exponent"/>-th power, cut off at <paramref name="degree"/>.</summary>
    public static double[] Power(double[] factor, int exponent, int degree) =>
        exponent == 0 ? [1, .. new double[degree]] : Padded(new LossWindow(0, factor).Power(exponent, _ => (0, degree)), degree);

    /// <summary>The product, cut off at <paramref name="degree"/>.</summary>
    public static double[] Product(double[] left, double[] right, int degree) => Padded(new LossWindow(0, left).Times(new LossWindow(0, right), 0, degree), degree);

    private static double[] Padded(in LossWindow window, int degree)
    {
        var coefficients = new double[degree + 1];
        window.Values.AsSpan(0, Math.Min(window.Values.Length, degree + 1)).CopyTo(coefficients);
        return coefficients;
    }
}
