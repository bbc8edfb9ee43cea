using Parcae.Liveput.Forecasting.Backtesting;

namespace Parcae.Cli.Forecasting;

/// <summary>Forecasts and what came as a picture of characters: the bands shaded, the count a dot.</summary>
internal static class BandChart
{
    private const int LabelWidth = 7;

    /// <summary>The picture; where there are more intervals than columns, every so many are shown.</summary>
    /// <param name="bands">At least one; a count below 0 is none: the interval is still to come.</param>
    /// <param name="width">Characters of a line, labels included.</param>
    /// <param name="height">Lines of the picture, at most.</param>
    public static IReadOnlyList<string> Lines(IReadOnlyList<ForecastBands> bands, int width, int height = 12)
    {
        int columns = Math.Min(Math.Max(10, width - LabelWidth), bands.Count);
        var shown = Enumerable.Range(0, columns).Select(c => bands[(int)((long)c * bands.Count / columns)]).ToArray();
        int low = shown.Min(b => b.Actual < 0 ? b.Low80 : Math.Min(b.Actual, b.Low80)), high = shown.Max(b => Math.Max(b.Actual, b.High80));
        int step = Math.Max(1, (high - low + height) / height), rows = ((high - low) / step) + 1;
        var lines = new List<string>(rows + 2);
        for (int row = rows - 1; row >= 0; row--)
        {
            int from = low + (row * step), to = from + step - 1;
            lines.Add($"{from}".PadLeft(LabelWidth - 1) + "┤" + string.Concat(shown.Select(b => Mark(b, from, to))).TrimEnd());
        }

        lines.Add(new string(' ', LabelWidth - 1) + "└" + new string('─', columns));
        string first = $"{shown[0].Interval}", last = $"{bands[^1].Interval}";
        lines.Add(new string(' ', LabelWidth) + first + last.PadLeft(Math.Max(columns - first.Length, last.Length + 1)));
        return lines;
    }

    private static char Mark(ForecastBands b, int from, int to)
    {
        if (b.Actual >= from && b.Actual <= to) return '●';
        if (b.Low50 <= to && b.High50 >= from) return '▒';
        return b.Low80 <= to && b.High80 >= from ? '░' : ' ';
    }
}
