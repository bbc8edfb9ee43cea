namespace Parcae.Liveput.Preemption;

/// <summary>How many of some marked instances are among those lost, when so many of all are lost uniformly at random without replacement.</summary>
internal static class Hypergeometric
{
    /// <summary>What the rest of a distribution may weigh beside its greatest value where it is cut off.</summary>
    public const double Negligible = 1e-18;

    private const int Inverses = 8192;

    private static readonly double[] Inverse = [double.NaN, .. Enumerable.Range(1, Inverses).Select(i => 1.0 / i)];

    /// <summary>The chances of the numbers that are not negligible.</summary>
    /// <param name="total">N.</param>
    /// <param name="marked">Of these, 0 .. N.</param>
    /// <param name="lost">k, 0 .. N.</param>
    /// <param name="negligible">Chances below this share of the greatest are left out at either end.</param>
    /// <returns>The first number and the chances from it on, summing to 1.</returns>
    public static (int Low, double[] Chances) Distribution(int total, int marked, int lost, double negligible = Negligible)
    {
        var buffer = new double[Math.Min(marked, lost) + 1];
        int low = Fill(total, marked, lost, buffer, out int count, negligible);
        return (low, buffer[low..(low + count)]);
    }

    /// <summary>The chance of every number, <c>[0 .. marked]</c>.</summary>
    /// <param name="total">N.</param>
    /// <param name="marked">Of these, 0 .. N.</param>
    /// <param name="lost">k, 0 .. N.</param>
    public static double[] All(int total, int marked, int lost)
    {
        var chances = new double[marked + 1];
        _ = Fill(total, marked, lost, chances, out _, 0);
        return chances;
    }

    /// <summary>The chances of the numbers that are not negligible, into a buffer that begins with the chance of 0; entries outside what is returned are left as they were.</summary>
    /// <param name="total">N.</param>
    /// <param name="marked">Of these, 0 .. N.</param>
    /// <param name="lost">k, 0 .. N.</param>
    /// <param name="buffer">At least <c>[min(marked, lost) + 1]</c>.</param>
    /// <param name="count">How many chances there are.</param>
    /// <param name="negligible">Chances below this share of the greatest are left out at either end.</param>
    /// <returns>The first number.</returns>
    public static int Fill(int total, int marked, int lost, Span<double> buffer, out int count, double negligible = Negligible)
    {
        int least = Math.Max(0, lost - (total - marked)), most = Math.Min(marked, lost), others = total - marked - lost;
        int mode = Math.Clamp((int)((long)(marked + 1) * (lost + 1) / (total + 2)), least, most);

        // From the most likely number outwards; the scale comes last.
        double sum = 1;
        buffer[mode] = 1;
        int high = mode, low = mode;
        for (double value = 1; high < most; sum += value)
        {
            value *= (double)(marked - high) * (lost - high) * Over(high + 1) * Over(others + high + 1);
            if (value < negligible) break;
            buffer[++high] = value;
        }

        for (double value = 1; low > least; sum += value)
        {
            value *= (double)low * (others + low) * Over(marked - low + 1) * Over(lost - low + 1);
            if (value < negligible) break;
            buffer[--low] = value;
        }

        count = high - low + 1;
        double scale = 1 / sum;
        foreach (ref double chance in buffer.Slice(low, count)) chance *= scale;
        return low;
    }

    /// <summary>The numbers whose chance is not under <paramref name="negligible"/> times the greatest.</summary>
    public static (int Low, int High) Window(int total, int marked, int lost, double negligible)
    {
        var (low, chances) = Distribution(total, marked, lost, negligible);
        return (low, low + chances.Length - 1);
    }

    private static double Over(int value) => value <= Inverses ? Inverse[value] : 1.0 / value;
}
