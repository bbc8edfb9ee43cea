using System.Globalization;

using Parcae.Grains;

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Parcae.Cli.Demo.View;

/// <summary>Draws a <see cref="DemoSnapshot"/>: the plan as a grid of instances, the figures beside it, the trace below, then what happened.</summary>
internal static class LivePicture
{
    /// <summary>Lines of everything but the grid and the events.</summary>
    private const int FixedLines = 13;

    private const int MostEvents = 12;
    private const int FewestEvents = 3;

    /// <summary>The picture for a terminal of that size.</summary>
    public static IRenderable Of(DemoSnapshot now, int width, int height)
    {
        int wide = Math.Clamp(width - 2, 40, 118);
        var rows = new List<IRenderable>
        {
            Line(wide, $"[bold]parcae demo[/]  [grey]{Escape(now.Model)}[/]", $"[grey]{Words.Clock(now.Elapsed)}[/]"),
            new Text(""),
        };
        int gridLines = 1;
        if (now.Status is { } status)
        {
            var grid = PlanGrid.Of(now, status);
            gridLines = (status.Plan?.Pipelines ?? 1) + 3;
            rows.Add(wide >= 76 ? SideBySide(grid, Figures(now, status, wide - 44)) : new Rows(grid, Figures(now, status, wide)));
        }
        else
        {
            rows.Add(new Markup($"[blue]●[/] {Escape(now.Stage)}{(now.Starting.Count > 0 ? $" [grey]({now.Starting.Count} on the way)[/]" : "")}"));
        }

        rows.Add(new Text(""));
        rows.Add(TraceBar.Of(now, wide));
        if (now.Verifying is var (done, all))
            rows.Add(TraceBar.Progress("undisturbed run", (double)done / Math.Max(1, all), $"step {done} of {all}", wide));
        rows.Add(new Text(""));
        int room = Math.Clamp(height - FixedLines - gridLines, FewestEvents, MostEvents);
        rows.AddRange(now.Events.TakeLast(room).Select(e => Event(e, wide)));
        return new Padder(new Rows(rows), new Padding(1, 0, 0, 0));
    }

    private static Grid SideBySide(IRenderable left, IRenderable right)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn().NoWrap().PadRight(4));
        grid.AddColumn(new GridColumn().NoWrap());
        return grid.AddRow(left, right);
    }

    private static Grid Figures(DemoSnapshot now, JobStatus status, int wide)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn().NoWrap().PadRight(2));
        grid.AddColumn(new GridColumn().NoWrap());
        void Add(string name, string markup) => grid.AddRow(new Markup($"[grey]{name}[/]"), new Markup(markup));

        string generation = status.Plan is { } plan ? $" [grey]generation {plan.Generation}[/]" : "";
        Add("strategy", Phase(status) + generation);
        Add("step", Invariant($"[bold]{status.CommittedStep}[/]"));
        string loss = status.Loss is { } value ? Invariant($"[bold]{value:0.0000}[/]  ") : "-";
        Add("loss", loss + $"[blue]{Sparkline.Of(now.Losses, Math.Clamp(wide - 20, 8, 40))}[/]");
        Add("speed", Invariant($"[bold]{status.SamplesPerSecond:0.0}[/] samples/s"));
        if (status.LastInterval is { } interval)
            Add("available", Invariant($"[bold]{interval.Available}[/] now, [bold]{interval.ForecastNext:0.0}[/] expected next"));
        Add("lost", Invariant($"{now.Noticed} with notice, {now.Unannounced} without"));
        if (status.LastReconfiguration is { } last)
        {
            Add("last change", $"{Escape(Shorten(last.Cause, Math.Max(16, wide - 16)))}");
            Add("", Invariant($"[grey]{Words.Kind(last.Kind)}, pause[/] {Words.Milliseconds(last.PauseMilliseconds)}[grey], {Words.Bytes(last.BytesMoved)} moved[/]"));
        }

        return grid;
    }

    private static string Phase(JobStatus status)
    {
        string strategy = status.Plan is { } p ? Invariant($"{p.Pipelines} x {p.Depth}") : "";
        return status.Phase switch
        {
            JobPhase.Training => $"[bold green]{strategy}[/]",
            JobPhase.Reconfiguring => $"[bold yellow]reconfiguring[/] [grey]{strategy}[/]",
            JobPhase.Paused => $"[bold yellow]paused[/] [grey]{Escape(Shorten(status.Reason ?? "", 40))}[/]",
            JobPhase.Failed => $"[bold red]failed[/] {Escape(Shorten(status.Reason ?? "", 40))}",
            JobPhase.Completed => $"[bold green]completed[/] [grey]{strategy}[/]",
            _ => $"[bold]{$"{status.Phase}".ToLowerInvariant()}[/]",
        };
    }

    private static Markup Event(DemoEvent happened, int wide)
    {
        string colour = happened.Kind switch
        {
            DemoEventKind.Cloud => "yellow",
            DemoEventKind.Job => "blue",
            DemoEventKind.Trouble => "red",
            _ => "grey",
        };
        string text = Shorten(happened.Text.Split('\n')[0].TrimEnd('\r'), wide - 10);
        return new Markup($"[grey]{Words.Clock(happened.At)}[/] [{colour}]▪[/] {Escape(text)}");
    }

    /// <summary>A line with something at each end.</summary>
    private static Markup Line(int wide, string left, string right)
    {
        int gap = wide - Markup.Remove(left).Length - Markup.Remove(right).Length;
        return new Markup(gap > 0 ? left + new string(' ', gap) + right : left) { Overflow = Overflow.Ellipsis };
    }

    private static string Shorten(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, Math.Max(1, length - 1)), "…");

    private static string Escape(string text) => Markup.Escape(text);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
