using System.Text;

using Parcae.Cli.Demo;
using Parcae.Cli.Report.Charts;
using Parcae.Grains;

namespace Parcae.Cli.Report;

/// <summary>A run as one HTML file that needs nothing else: no network, no other file.</summary>
internal static class HtmlReport
{
    /// <summary>The file's content.</summary>
    public static string Render(ReportData data)
    {
        var html = new StringBuilder();
        html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .Append("<meta name=\"color-scheme\" content=\"light dark\"><title>").Append(Html.Text(data.Title)).Append(": ").Append(Html.Text(data.Result.JobId)).Append("</title>")
            .Append("<style>").Append(Resource("report.css")).Append("</style></head><body><main>\n");
        Head(html, data);
        Figures(html, data);
        html.Append("<section class=\"charts\">");
        foreach (var chart in (Chart[])[ReportCharts.Loss(data), ReportCharts.Availability(data), ReportCharts.Strategy(data), ReportCharts.Throughput(data)])
            html.Append(ChartHtml.Render(chart));
        html.Append("</section>\n");
        Reconfigurations(html, data);
        Events(html, data);
        Made(html, data);
        html.Append("</main><script>").Append(Resource("report.js")).Append("</script></body></html>\n");
        return html.ToString();
    }

    private static void Head(StringBuilder html, ReportData data)
    {
        html.Append("<header><p class=\"kicker\">").Append(Html.Text(data.Title)).Append("</p><h1>Training through ").Append(data.Result.Preemptions.Noticed + data.Result.Preemptions.Unannounced)
            .Append(" preemptions</h1><p class=\"sub\">").Append(Html.Text(data.Result.Model)).Append("; ").Append(Html.Text(Words.Count(data.Result.Parameters)))
            .Append(" parameters, ").Append(data.Result.GlobalBatch).Append(" samples a step</p>");
        if (data.Verification is { } v)
        {
            html.Append("<p class=\"verdict ").Append(v.Same ? "good" : "bad").Append("\"><strong>").Append(v.Same ? "Verified" : "Not the same").Append("</strong> ")
                .Append(Html.Text(v.Same ? $"{v.Text}." : v.Text)).Append("</p>");
        }

        html.Append("</header>\n");
    }

    private static void Figures(StringBuilder html, ReportData data)
    {
        var r = data.Result;
        var changes = data.History.Generations.Where(g => g.Kind != MigrationKind.Start).ToArray();
        html.Append("<section class=\"figures\">");
        Figure(html, r.FinalLoss is { } loss ? $"{loss:0.000}" : "-", "final loss", r.FirstLoss is { } first ? $"from {first:0.000}" : "no step was committed");
        Figure(html, $"{r.Steps:N0}", "steps", $"in {r.WallSeconds:0} s");
        Figure(html, $"{(r.WallSeconds > 0 ? r.SamplesCommitted / r.WallSeconds : 0):0.0}", "samples/s", "pauses included");
        Figure(html, $"{r.Preemptions.Noticed + r.Preemptions.Unannounced}", "preemptions", $"{r.Preemptions.Noticed} with notice, {r.Preemptions.Unannounced} without");
        Figure(html, $"{changes.Length}", "reconfigurations",
            changes.Length > 0 ? $"pause {Words.Milliseconds(changes.Average(g => g.PauseMilliseconds))} mean, {Words.Milliseconds(changes.Max(g => g.PauseMilliseconds))} most" : "none was needed");
        Figure(html, $"{r.SamplesLost + r.SamplesRepeated}", "samples lost or repeated", $"of {r.SamplesCommitted:N0}; {r.StepsReplayed} steps replayed");
        html.Append("</section>\n");
    }

    private static void Figure(StringBuilder html, string value, string name, string detail) =>
        html.Append("<div><b>").Append(Html.Text(value)).Append("</b><span>").Append(Html.Text(name)).Append("</span><small>").Append(Html.Text(detail)).Append("</small></div>");

    private static void Reconfigurations(StringBuilder html, ReportData data)
    {
        html.Append("<section><h2>Every reconfiguration</h2><table class=\"wide\"><thead><tr>");
        foreach (string head in (string[])["#", "cause", "kind", "strategy", "at step", "pause", "prepare", "moved", "source", "replayed"])
            html.Append("<th>").Append(head).Append("</th>");
        html.Append("</tr></thead><tbody>\n");
        foreach (var g in data.History.Generations)
        {
            html.Append("<tr>");
            Cell(html, "#", $"{g.Number}", "n");
            Cell(html, "cause", g.Cause, "cause");
            html.Append("<td data-name=\"kind\"><span class=\"kind ").Append(ReportCharts.Style(g.Kind)).Append("\">").Append(Html.Text(Words.Kind(g.Kind))).Append("</span></td>");
            Cell(html, "strategy", $"{g.Pipelines} x {g.Depth}", "n");
            Cell(html, "at step", $"{g.AtStep}", "n");
            Cell(html, "pause", Words.Milliseconds(g.PauseMilliseconds), "n");
            Cell(html, "prepare", Words.Milliseconds(g.PrepareMilliseconds), "n");
            Cell(html, "moved", Words.Bytes(g.BytesMoved), "n");
            Cell(html, "source", g.Source, "");
            Cell(html, "replayed", $"{g.StepsReplayed}", "n");
            html.Append("</tr>\n");
        }

        html.Append("</tbody></table></section>\n");
    }

    private static void Events(StringBuilder html, ReportData data)
    {
        html.Append("<section><details><summary><h2>What happened</h2><span>").Append(data.Events.Count).Append(" events</span></summary><ol class=\"events\">\n");
        foreach (var e in data.Events)
        {
            string style = e.Kind switch { DemoEventKind.Cloud => "cloud", DemoEventKind.Job => "job", DemoEventKind.Trouble => "trouble", _ => "info" };
            html.Append("<li class=\"").Append(style).Append("\"><time>").Append(Words.Clock(e.At)).Append("</time><span>").Append(Html.Text(e.Text)).Append("</span></li>\n");
        }

        html.Append("</ol></details></section>\n");
    }

    private static void Made(StringBuilder html, ReportData data)
    {
        html.Append("<section><h2>How this run was made</h2><dl>");
        foreach (var (name, value) in data.Made)
            html.Append("<dt>").Append(Html.Text(name)).Append("</dt><dd").Append(name == "command" ? " class=\"code\"" : "").Append('>').Append(Html.Text(value)).Append("</dd>\n");
        html.Append("</dl><p class=\"note\">").Append(Html.Text(data.PlanningNote)).Append("</p></section>");
    }

    private static void Cell(StringBuilder html, string name, string text, string style) =>
        html.Append("<td data-name=\"").Append(name).Append("\" class=\"").Append(style).Append("\">").Append(Html.Text(text)).Append("</td>");

    private static string Resource(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The command was built without its resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
