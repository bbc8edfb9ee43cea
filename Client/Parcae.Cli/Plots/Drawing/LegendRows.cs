namespace Parcae.Cli.Plots.Drawing;

/// <summary>A legend in as many rows as it needs.</summary>
internal static class LegendRows
{
    /// <summary>Height of a row.</summary>
    public const double Height = 22;

    /// <summary>Size of the text.</summary>
    public const double FontSize = 13;

    /// <summary>Between a mark and its text, and between two keys.</summary>
    public const double MarkGap = 6, Gap = 18;

    /// <summary>The keys of each row, in order; none where there are none.</summary>
    public static IReadOnlyList<IReadOnlyList<LegendKey>> Of(IReadOnlyList<LegendKey> keys, double width)
    {
        var rows = new List<List<LegendKey>>();
        double used = width;
        foreach (var key in keys)
        {
            double needed = MarkWidth(key) + MarkGap + TextWidth(key) + Gap;
            if (used + needed - Gap > width)
            {
                rows.Add([]);
                used = 0;
            }

            rows[^1].Add(key);
            used += needed;
        }

        return rows;
    }

    /// <summary>Width of a key's mark.</summary>
    public static double MarkWidth(LegendKey key) => key.Mark == KeyMark.Area ? 13 : 24;

    // Rather too wide than too narrow: the height of a figure must be known before there is anything to measure with.
    private static double TextWidth(LegendKey key) => key.Text.Length * FontSize * 0.56;
}
