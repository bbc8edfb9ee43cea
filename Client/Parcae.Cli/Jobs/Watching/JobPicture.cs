using Parcae.Cli.Demo;
using Parcae.Cli.Demo.View;
using Parcae.Cli.Forecasting;
using Parcae.Cli.Live;
using Parcae.Grains;

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Parcae.Cli.Jobs.Watching;

/// <summary>A job as a screen: the plan's grid beside the figures, availability with its forecast, what happened last.</summary>
internal static class JobPicture
{
    private const int NameWidth = 12, Gap = 3, LeastFigures = 44, LeastChart = 3, MostChart = 6, AroundChart = 4, FewestEvents = 3, MostEvents = 10;

    /// <summary>The picture for a terminal of that size.</summary>
    public static IRenderable Of(JobView now, int width, int height)
    {
        int wide = Math.Clamp(width - 2, 30, 118);
        var lines = new List<string> { Title(now, wide), "" };
        if (now.Status is not { } status)
        {
            lines.Add("[blue]●[/] asking for the job");
            return Framed(lines, wide);
        }

        var grid = PlanGrid.Lines(new DemoSnapshot { Model = "", Trace = "", Counts = [], Draining = now.Draining }, status);
        int room = wide - grid.Max(MarkupLines.Width) - Gap;
        if (room >= LeastFigures) lines.AddRange(MarkupLines.Beside(grid, Figures(now, status, room), Gap));
        else lines.AddRange([.. grid, "", .. Figures(now, status, wide)]);
        if (now.Steps is not null || now.Interruption is not null) lines.Add("");
        if (now.Steps is { } steps) lines.Add(TraceBar.Progress("steps", (double)status.CommittedStep / steps, $"{status.CommittedStep} of {steps}", wide));
        if (now.Interruption is { } why) lines.Add($"[bold red]the service does not answer ({Markup.Escape(why)}); asking on[/]");
        int chart = Math.Min(MostChart, height - lines.Count - AroundChart - FewestEvents - 2);
        if (now.Availability.Count > 0 && chart >= LeastChart) lines.AddRange(Availability(now, wide, chart));
        lines.Add("");
        int events = Math.Clamp(height - lines.Count - 2, FewestEvents, MostEvents);
        lines.AddRange(now.Events.TakeLast(events).Select(e => $"[grey]{e.At.ToLocalTime():HH:mm:ss}[/] [blue]▪[/] {Markup.Escape(MarkupLines.Shorten(e.Message.Split('\n')[0], wide - 11))}"));
        return Framed(lines, wide);
    }

    private static string Title(JobView now, int wide)
    {
        string left = $"[bold]parcae jobs watch[/]  {Markup.Escape(now.Status?.JobId ?? now.Name)}", right = $"[grey]{Words.Clock(now.Age)}[/]";
        int room = wide - MarkupLines.Width(left) - MarkupLines.Width(right) - 3;
        if (now.Status?.Model is { } model && room > 10) left += $"  [grey]{Markup.Escape(MarkupLines.Shorten(model, room))}[/]";
        return MarkupLines.Pad(left, wide - MarkupLines.Width(right)) + right;
    }

    private static List<string> Figures(JobView now, JobStatus s, int wide)
    {
        var lines = new List<string>();
        int room = wide - NameWidth, spark = Math.Clamp(room - 12, 8, 40);
        void Add(string name, string markup) => lines.Add($"[grey]{name.PadRight(NameWidth)}[/]{markup}");

        Add("strategy", StatusMarkup.Phase(s, room - 8 - (s.Plan is null ? 0 : 17)) + (s.Plan is { } plan ? $"[grey]   generation {plan.Generation}[/]" : ""));
        Add("step", $"[bold]{s.CommittedStep}[/]" + (s.ValidationLoss is { } validation ? $"   validation loss {validation:0.0000}" : ""));
        Add("loss", (s.Loss is { } loss ? $"[bold]{loss:0.0000}[/]".PadRight(18) : "-") + $"[blue]{Sparkline.Of(now.Losses, spark)}[/]");
        Add("samples/s", $"[bold]{s.SamplesPerSecond:0.0}[/]".PadRight(18) + $"[green]{Sparkline.Of(now.Throughput, spark, fromZero: true)}[/]");
        if (s.LastReconfiguration is { Liveput: > 0 } with) Add("liveput", $"{with.Liveput:0.0} samples/s expected of this plan");
        if (s.LastInterval is { } interval) Add("available", $"[bold]{interval.Available}[/] now, [bold]{interval.ForecastNext:0.0}[/] expected next, share {s.Share}");
        if (s.Vault is { } vault) Add("vault", Words.Behind(vault.Lag));
        Add("cost", $"{s.CostUsd:0.00} USD" + (s.Ledger is { SamplesLost: 0, SamplesRepeated: 0 } ? "" : $"   [bold red]{s.Ledger.SamplesLost} samples lost, {s.Ledger.SamplesRepeated} repeated[/]"));
        if (s.LastReconfiguration is { } last) StatusMarkup.LastChange(Add, last, room);
        return lines;
    }

    private static IEnumerable<string> Availability(JobView now, int wide, int height)
    {
        yield return "";
        yield return "[grey]instances   ● counted   ▒ forecast, central half   ░ four fifths; intervals from now (0)[/]";
        foreach (string line in BandChart.Lines(now.Availability, wide, height)) yield return $"[green]{Markup.Escape(line)}[/]";
    }

    private static Padder Framed(List<string> lines, int wide) => new(MarkupLines.ToRenderable(lines, wide), new Padding(1, 0, 0, 0));
}
