using System.Text;

namespace Parcae.Cli.Report.Charts;

/// <summary>
/// A chart as HTML around an SVG that stretches: lines keep their width (non-scaling strokes) and labels, being HTML, keep their size, so that the same
/// chart reads well on a phone, on a wide screen and on paper. Complete without scripts; the report's script only adds the readout.
/// </summary>
internal static class ChartHtml
{
    /// <summary>Size of the drawing's own coordinates, in both directions.</summary>
    private const double Size = 1000;

    /// <summary>More dots than this cannot be told apart.</summary>
    private const int MostDots = 1500;

    /// <summary>The figure.</summary>
    public static string Render(Chart chart)
    {
        var html = new StringBuilder();
        html.Append("<figure class=\"chart\"><figcaption><h3>").Append(Html.Text(chart.Title)).Append("</h3><p>").Append(Html.Text(chart.Note)).Append("</p>");
        Legend(html, chart);
        html.Append("</figcaption><div class=\"frame\">");
        var yTicks = chart.YTicks ?? Ticks.Round(chart.YMin, chart.YMax, 5);
        var xTicks = Ticks.Round(0, chart.XMax, 8, whole: chart.XMax >= 4);
        string widest = yTicks.Select(t => t.Label).MaxBy(l => l.Length) ?? "";
        // The invisible widest label gives the axis its width.
        html.Append("<div class=\"y\" aria-hidden=\"true\"><b>").Append(Html.Text(widest)).Append("</b>");
        foreach (var tick in yTicks)
            html.Append("<span style=\"bottom:").Append(Html.Number(Share(tick.At, chart.YMin, chart.YMax) * 100)).Append("%\">").Append(Html.Text(tick.Label)).Append("</span>");
        html.Append("</div><div class=\"plot\">");
        Drawing(html, chart, yTicks);
        html.Append("</div><div class=\"x\" aria-hidden=\"true\">");
        foreach (var tick in xTicks)
            html.Append("<span style=\"left:").Append(Html.Number(Share(tick.At, 0, chart.XMax) * 100)).Append("%\">").Append(Html.Text(tick.Label)).Append("</span>");
        html.Append("</div><div class=\"xname\">").Append(Html.Text(chart.XName)).Append("</div></div>");
        html.Append("<script type=\"application/json\">").Append(Html.Json(Readout(chart))).Append("</script></figure>\n");
        return html.ToString();
    }

    private static void Legend(StringBuilder html, Chart chart)
    {
        if (chart.Series.Count + chart.MarkLegend.Count < 2) return;
        html.Append("<ul class=\"legend\">");
        foreach (var series in chart.Series) html.Append("<li><i class=\"").Append(series.Style).Append("\"></i>").Append(Html.Text(series.Name)).Append("</li>");
        foreach (var (style, name) in chart.MarkLegend) html.Append("<li><i class=\"mark ").Append(style).Append("\"></i>").Append(Html.Text(name)).Append("</li>");
        html.Append("</ul>");
    }

    private static void Drawing(StringBuilder html, Chart chart, IReadOnlyList<Tick> yTicks)
    {
        html.Append("<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"").Append(Html.Text($"{chart.Title}. {chart.Note}")).Append("\">");
        foreach (var tick in yTicks)
        {
            string y = Html.Number(Y(chart, tick.At));
            html.Append("<path class=\"grid\" d=\"M0 ").Append(y).Append("H1000\"/>");
        }

        foreach (var series in chart.Series.Where(s => s.Area && s.Dots.Count > 0)) Path(html, chart, series, area: true);
        foreach (var mark in chart.Marks)
            html.Append("<path class=\"mark ").Append(mark.Style).Append("\" d=\"M").Append(Html.Number(X(chart, mark.X))).Append(" 0V1000\"><title>")
                .Append(Html.Text(mark.Text)).Append("</title></path>");
        foreach (var series in chart.Series.Where(s => s.Dots.Count > 0)) Path(html, chart, series, area: false);
        html.Append("</svg>");
    }

    private static void Path(StringBuilder html, Chart chart, Series series, bool area)
    {
        var dots = Thin(series.Dots);
        html.Append("<path class=\"").Append(area ? "area " : "line ").Append(series.Style).Append("\" d=\"");
        string start = Html.Number(X(chart, dots[0].X));
        html.Append('M').Append(start).Append(' ').Append(Html.Number(Y(chart, dots[0].Y)));
        for (int i = 1; i < dots.Count; i++)
        {
            string x = Html.Number(X(chart, dots[i].X)), y = Html.Number(Y(chart, dots[i].Y));
            if (series.Steps) html.Append('H').Append(x).Append('V').Append(y);
            else html.Append('L').Append(x).Append(' ').Append(y);
        }

        if (area) html.Append("V1000H").Append(start).Append('Z');
        html.Append("\"/>");
    }

    /// <summary>What the script needs for its readout.</summary>
    private static object Readout(Chart chart) => new
    {
        XMax = chart.XMax,
        XName = chart.XName,
        Series = chart.Series.Select(s => new
        {
            s.Name,
            s.Style,
            s.Steps,
            Dots = Thin(s.Dots).Select(d => new object[] { Math.Round(d.X, 2), Value(chart, s, d.Y) }),
        }),
        Marks = chart.Marks.Select(m => new object[] { Math.Round(m.X, 2), m.Text, m.Style }),
    };

    private static string Value(Chart chart, Series series, double y) =>
        chart.YTicks?.Where(t => t.At == y).Select(t => t.Label).FirstOrDefault() ?? y.ToString(series.Format);

    /// <summary>Every n-th dot, and the last, where there are too many.</summary>
    private static IReadOnlyList<Dot> Thin(IReadOnlyList<Dot> dots)
    {
        if (dots.Count <= MostDots) return dots;
        int every = (dots.Count + MostDots - 1) / MostDots;
        return [.. dots.Where((_, i) => i % every == 0 || i == dots.Count - 1)];
    }

    private static double X(Chart chart, double x) => Share(x, 0, chart.XMax) * Size;

    private static double Y(Chart chart, double y) => (1 - Share(y, chart.YMin, chart.YMax)) * Size;

    private static double Share(double value, double from, double to) => to > from ? Math.Clamp((value - from) / (to - from), 0, 1) : 0;
}
