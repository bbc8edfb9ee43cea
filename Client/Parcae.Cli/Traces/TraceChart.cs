using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary>A trace as a picture of characters: its counts as a skyline over an axis of time, and under it what was lost.</summary>
internal static class TraceChart
{
    private const string Eighths = " ▁▂▃▄▅▆▇█";
    private const int LabelWidth = 7;

    /// <summary>The picture.</summary>
    /// <param name="trace">What to draw.</param>
    /// <param name="width">Characters of a line, labels included.</param>
    /// <param name="height">Lines of the skyline.</param>
    public static IReadOnlyList<string> Lines(AvailabilityTrace trace, int width, int height = 8)
    {
        int room = Math.Max(10, width - LabelWidth);
        int columns = Math.Min(room, trace.Intervals.Count);
        // A short trace is drawn broad: every interval gets the same number of columns.
        int repeat = Math.Max(1, Math.Min(room / columns, 4));
        var means = new double[columns];
        var lost = new long[columns];
        for (int c = 0; c < columns; c++)
        {
            int from = (int)((long)c * trace.Intervals.Count / columns), to = (int)((long)(c + 1) * trace.Intervals.Count / columns);
            for (int i = from; i < to; i++)
            {
                means[c] += (double)trace.Intervals[i].Available / (to - from);
                lost[c] += trace.Intervals[i].Removed;
            }
        }

        int peak = Math.Max(1, trace.Peak);
        var lines = new List<string>();
        for (int row = height - 1; row >= 0; row--)
        {
            string label = row == height - 1 ? $"{peak}" : "";
            lines.Add(Label(label) + "┤" + Row(means, repeat, m => Eighths[(int)Math.Clamp(Math.Round(m / peak * height * 8) - (row * 8), 0, 8)]));
        }

        lines.Add(Label("0") + "└" + new string('─', columns * repeat));
        double minutes = trace.Intervals.Count * trace.IntervalSeconds / 60;
        string end = $"{minutes:0.##} min";
        lines.Add(Label("") + " 0" + end.PadLeft(Math.Max((columns * repeat) - 1, end.Length + 1)));
        if (lost.Any(l => l > 0)) lines.Add(Label("lost") + " " + Row(lost, repeat, l => l == 0 ? ' ' : l > 9 ? '+' : (char)('0' + l), pad: true));
        return [.. lines.Select(l => l.TrimEnd())];
    }

    private static string Row<T>(T[] values, int repeat, Func<T, char> draw, bool pad = false) =>
        string.Concat(values.Select(v => pad ? draw(v) + new string(' ', repeat - 1) : new string(draw(v), repeat)));

    private static string Label(string text) => text.PadLeft(LabelWidth - 1);
}
