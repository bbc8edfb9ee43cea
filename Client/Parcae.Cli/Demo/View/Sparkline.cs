namespace Parcae.Cli.Demo.View;

/// <summary>Numbers as a row of blocks.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>At most <paramref name="width"/> blocks; where there are more values, each block is the mean of its share.</summary>
    /// <param name="values">The numbers, in order; those that are not finite are left out.</param>
    /// <param name="width">Blocks.</param>
    /// <param name="fromZero">Whether the lowest block means 0; otherwise it means the smallest number.</param>
    public static string Of(IReadOnlyList<double> values, int width, bool fromZero = false)
    {
        values = [.. values.Where(double.IsFinite)];
        if (values.Count == 0 || width <= 0) return "";
        int blocks = Math.Min(width, values.Count);
        double[] means = new double[blocks];
        for (int b = 0; b < blocks; b++)
        {
            int from = (int)((long)b * values.Count / blocks), to = (int)((long)(b + 1) * values.Count / blocks);
            for (int i = from; i < to; i++) means[b] += values[i] / (to - from);
        }

        double least = fromZero ? 0 : means.Min(), span = means.Max() - least;
        return string.Concat(means.Select(m => Blocks[span > 0 ? (int)Math.Clamp((m - least) / span * (Blocks.Length - 1) + 0.5, 0, Blocks.Length - 1) : 0]));
    }
}
