using System.Text;

using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>How far the trace is, with its counts drawn above the bar.</summary>
internal static class TraceBar
{
    private const int NameWidth = 16;
    private const int FigureWidth = 18;

    /// <summary>The trace: a skyline of counts, what has passed bright, and a bar.</summary>
    public static Rows Of(DemoSnapshot now, int wide)
    {
        int room = Math.Max(10, wide - NameWidth - FigureWidth);
        double done = now.Position / now.Counts.Count;
        string skyline = Sparkline.Of([.. Stretch(now.Counts, room)], room, fromZero: true);
        int passed = (int)(done * skyline.Length);
        int here = Math.Min((int)now.Position, now.Counts.Count - 1);
        var counts = new StringBuilder()
            .Append("[grey]instances".PadRight(NameWidth + 6)).Append("[/]")
            .Append("[green]").Append(skyline[..passed]).Append("[/][grey]").Append(skyline[passed..]).Append("[/]  [grey]trace says[/] ").Append(now.Counts[here]);
        return new Rows(new Markup(counts.ToString()), Progress($"trace {now.Trace}", done, $"{(int)now.Position} of {now.Counts.Count}", wide));
    }

    /// <summary>A bar with a name and a figure.</summary>
    public static Markup Progress(string name, double done, string figure, int wide)
    {
        int room = Math.Max(10, wide - NameWidth - FigureWidth);
        int full = (int)Math.Round(Math.Clamp(done, 0, 1) * room);
        string shown = name.Length >= NameWidth ? name[..(NameWidth - 2)] + "…" : name;
        return new Markup($"[grey]{Markup.Escape(shown.PadRight(NameWidth))}[/][blue]{new string('━', full)}[/][grey]{new string('─', room - full)}[/]  {Markup.Escape(figure)}");
    }

    /// <summary>Counts spread over the width, so that skyline and bar have the same scale.</summary>
    private static IEnumerable<double> Stretch(IReadOnlyList<int> counts, int width) =>
        Enumerable.Range(0, width).Select(i => (double)counts[(int)((long)i * counts.Count / width)]);
}
