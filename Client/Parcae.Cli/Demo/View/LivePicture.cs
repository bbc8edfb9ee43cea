using Parcae.Cli.Live;
using Parcae.Grains;

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Parcae.Cli.Demo.View;

/// <summary>Draws a <see cref="DemoSnapshot"/>: the plan as a grid of instances, the figures beside it, the trace below, then what happened.</summary>
internal static class LivePicture
{
    private const int MostEvents = 12;
    private const int FewestEvents = 3;
    private const int FigureNameWidth = 13;
    private const int Gap = 4;

    /// <summary>Figures are readable beside the grid from this width on.</summary>
    private const int LeastFigures = 44;

    /// <summary>The picture for a terminal of that size.</summary>
    public static IRenderable Of(DemoSnapshot now, int width, int height)
    {
        int wide = Math.Clamp(width - 2, 30, 118);
        var lines = new List<string> { Ends($"[bold]{now.Title}[/]  [grey]{Markup.Escape(now.Model)}[/]", $"[grey]{Words.Clock(now.Elapsed)}[/]", wide), "" };
        if (now.Status is { } status)
        {
            var grid = PlanGrid.Lines(now, status);
            int room = wide - grid.Max(MarkupLines.Width) - Gap;
            if (room >= LeastFigures)
            {
                lines.AddRange(MarkupLines.Beside(grid, Figures(now, status, room), Gap));
            }
            else
            {
                lines.AddRange(grid);
                lines.Add("");
                lines.AddRange(Figures(now, status, wide));
            }
        }
        else
        {
            lines.Add($"[blue]●[/] {Markup.Escape(now.Stage)}{(now.Starting.Count > 0 ? $" [grey]({now.Starting.Count} on the way)[/]" : "")}");
        }

        lines.Add("");
        lines.AddRange(TraceBar.Lines(now, wide));
        if (now.Verifying is var (done, all)) lines.Add(TraceBar.Progress("undisturbed", (double)done / Math.Max(1, all), $"step {done} of {all}", wide));
        lines.Add("");
        int events = Math.Clamp(height - lines.Count - 2, FewestEvents, MostEvents);
        lines.AddRange(now.Events.TakeLast(events).Select(e => Event(e, wide)));
        return new Padder(MarkupLines.ToRenderable(lines, wide), new Padding(1, 0, 0, 0));
    }

    private static List<string> Figures(DemoSnapshot now, JobStatus status, int wide)
    {
        var lines = new List<string>();
        int room = wide - FigureNameWidth;
        void Add(string name, string markup) => lines.Add($"[grey]{name.PadRight(FigureNameWidth)}[/]{markup}");

        Add("strategy", StatusMarkup.Phase(status, room - 28) + (status.Plan is { } plan ? $"[grey]   generation {plan.Generation}[/]" : ""));
        Add("step", $"[bold]{status.CommittedStep}[/]   [bold]{status.SamplesPerSecond:0.0}[/] samples/s");
        Add("loss", (status.Loss is { } value ? $"[bold]{value:0.0000}[/]  " : "-") + $"[blue]{Sparkline.Of(now.Losses, Math.Clamp(room - 10, 8, 40))}[/]");
        if (status.LastInterval is { } interval) Add("available", $"[bold]{interval.Available}[/] now, [bold]{interval.ForecastNext:0.0}[/] expected next");
        if (status.Vault is { } vault) Add("vault", Words.Behind(vault.Lag));
        Add("lost", $"{now.Noticed} with notice, {now.Unannounced} without");
        if (status.LastReconfiguration is { } last) StatusMarkup.LastChange(Add, last, room);
        return lines;
    }

    private static string Event(DemoEvent happened, int wide)
    {
        string colour = happened.Kind switch
        {
            DemoEventKind.Cloud => "yellow",
            DemoEventKind.Job => "blue",
            DemoEventKind.Trouble => "red",
            _ => "grey",
        };
        string text = MarkupLines.Shorten(happened.Text.Split('\n')[0].TrimEnd('\r'), wide - 10);
        return $"[grey]{Words.Clock(happened.At)}[/] [{colour}]▪[/] {Markup.Escape(text)}";
    }

    /// <summary>A line with something at each end.</summary>
    private static string Ends(string left, string right, int wide) =>
        MarkupLines.Width(left) + MarkupLines.Width(right) < wide ? MarkupLines.Pad(left, wide - MarkupLines.Width(right)) + right : left;
}
