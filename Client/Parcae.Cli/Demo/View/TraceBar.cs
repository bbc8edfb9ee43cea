using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>How far the trace is, with its counts drawn above the bar.</summary>
internal static class TraceBar
{
    private const int NameWidth = 12;
    private const int FigureWidth = 18;

    /// <summary>The trace: a skyline of counts, what has passed bright, and a bar.</summary>
    public static IEnumerable<string> Lines(DemoSnapshot now, int wide)
    {
        int room = Room(wide);
        double done = now.Position / now.Counts.Count;
        string skyline = Sparkline.Of([.. Stretch(now.Counts, room)], room, fromZero: true);
        int passed = Math.Min((int)(done * skyline.Length), skyline.Length);
        int here = Math.Min((int)now.Position, now.Counts.Count - 1);
        yield return $"[grey]{"instances".PadRight(NameWidth)}[/][green]{skyline[..passed]}[/][grey]{skyline[passed..]}[/]  {now.Counts[here]}";
        yield return Progress("trace", done, $"{(int)now.Position} of {now.Counts.Count}", wide);
    }

    /// <summary>A bar with a name and a figure.</summary>
    public static string Progress(string name, double done, string figure, int wide)
    {
        int room = Room(wide);
        int full = (int)Math.Round(Math.Clamp(done, 0, 1) * room);
        return $"[grey]{Markup.Escape(name.PadRight(NameWidth))}[/][blue]{new string('━', full)}[/][grey]{new string('─', room - full)}[/]  {Markup.Escape(figure)}";
    }

    private static int Room(int wide) => Math.Max(10, wide - NameWidth - FigureWidth);

    /// <summary>Counts spread over the width, so that skyline and bar have the same scale.</summary>
    private static IEnumerable<double> Stretch(IReadOnlyList<int> counts, int width) =>
        Enumerable.Range(0, width).Select(i => (double)counts[(int)((long)i * counts.Count / width)]);
}
