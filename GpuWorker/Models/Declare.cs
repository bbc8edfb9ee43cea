namespace Parcae.GpuWorker.Models;

/// <summary>Shorthands for the parameters that most layers are made of.</summary>
public static class Declare
{
    /// <summary>A norm's gain: ones unless said otherwise.</summary>
    public static ParameterDeclaration Gain(string name, long n, Initial? initial = null) => new(name, [n], initial ?? Initial.Ones, ParameterRole.Vector);

    /// <summary>A bias: zeros.</summary>
    public static ParameterDeclaration Bias(string name, long n) => new(name, [n], Initial.Zeros, ParameterRole.Vector);

    /// <summary>A factor of a matrix product, <c>[to, from]</c>.</summary>
    public static ParameterDeclaration Matrix(string name, long to, long from, Initial initial) => new(name, [to, from], initial, ParameterRole.Matrix);

    /// <summary>A table of <paramref name="rows"/> rows that are looked up, <c>[rows, width]</c>.</summary>
    public static ParameterDeclaration Table(string name, long rows, long width, Initial initial) => new(name, [rows, width], initial, ParameterRole.Table);

    /// <summary>A square convolution's kernel, <c>[to, from, size, size]</c>.</summary>
    public static ParameterDeclaration Kernel(string name, long to, long from, long size, Initial initial) =>
        new(name, [to, from, size, size], initial, ParameterRole.Matrix);

    /// <summary>A running statistic, <c>[n]</c>.</summary>
    public static ParameterDeclaration Statistic(string name, long n, Initial initial) => new(name, [n], initial, ParameterRole.Statistic);

    /// <summary>He et al. 2015: normal with variance 2 / <paramref name="fan"/>, which keeps the size of what passes through a rectified layer.</summary>
    /// <param name="fan">How many values each output is a sum of (their equation 10), or each input goes into (equation 14).</param>
    public static Initial Kaiming(long fan) => Initial.Normal(Math.Sqrt(2.0 / fan));
}
