using OxyPlot;
using OxyPlot.Axes;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>Draws a figure on anything that OxyPlot can draw on: the panels by OxyPlot, and around them titles, legends and the names of lines.</summary>
internal static class FigureDrawing
{
    /// <summary>Font of all text. SVG readers use what they have under that name; PNG files carry the shapes of the bundled font.</summary>
    public const string Font = "sans-serif";

    private const double Left = 66, LeastRight = 26, Header = 74, TitleRow = 34, Bottom = 10, Sample = 24, SampleGap = 6;

    /// <summary>Room over a plot area that the number of its topmost grid line may reach into; more is cut off.</summary>
    private const double Overhang = 9;

    private const double SemiBold = 600;

    /// <summary>Height of a figure, units.</summary>
    public static double HeightOf(Figure figure) => HeaderOf(figure) + figure.Panels.Sum(HeightOf) + Bottom;

    /// <summary>Draws it, white background included.</summary>
    public static void Draw(IRenderContext context, Figure figure)
    {
        context.DrawRectangle(new OxyRect(0, 0, Figure.Width, figure.Height), OxyColors.White, OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
        Text(context, 24, 26, figure.Title, Palette.Ink, 21, SemiBold);
        Text(context, 24, 51, Fit(context, figure.Subtitle, 14, Figure.Width - 48), Palette.Muted, 14);
        var labels = figure.Panels.SelectMany(p => p.EndLabels);
        double right = labels.Select(l => 20 + Sample + SampleGap + context.MeasureText(l.Text, Font, 13, SemiBold).Width).Append(LeastRight).Max();
        double legend = Header - 4;
        foreach (var row in LegendOf(figure))
        {
            double x = Left;
            foreach (var key in row) x = Key(context, key, x, legend + (LegendRows.Height / 2)) + LegendRows.Gap;
            legend += LegendRows.Height;
        }

        double top = HeaderOf(figure);
        foreach (var panel in figure.Panels)
        {
            Draw(context, panel, top, right);
            top += HeightOf(panel);
        }
    }

    private static double HeaderOf(Figure figure) => Header + (LegendOf(figure).Count * LegendRows.Height);

    private static IReadOnlyList<IReadOnlyList<LegendKey>> LegendOf(Figure figure) => LegendRows.Of(figure.Keys, Figure.Width - Left - LeastRight);

    private static double HeightOf(Panel panel) => TitleRow + panel.Height + panel.Foot;

    private static void Draw(IRenderContext context, Panel panel, double top, double right)
    {
        double middle = top + (TitleRow / 2);
        Text(context, Left, middle, panel.Title, Palette.Ink, 15, SemiBold);
        double keys = Keys(context, panel.Keys, Figure.Width - right, middle);
        double note = Left + 10 + context.MeasureText(panel.Title, Font, 15, SemiBold).Width;
        Text(context, note, middle + 0.5, Fit(context, panel.Note, 13, keys - note), Palette.Muted, 13);

        var model = panel.Model;
        model.PlotMargins = new OxyThickness(Left, Overhang, right, panel.Foot);
        ((IPlotModel)model).Update(true);
        ((IPlotModel)model).Render(context, new OxyRect(0, top + TitleRow - Overhang, Figure.Width, Overhang + panel.Height + panel.Foot));
        EndLabels(context, panel, Figure.Width - right + 8);
    }

    /// <summary>Draws the legend and returns where it begins.</summary>
    private static double Keys(IRenderContext context, IReadOnlyList<LegendKey> keys, double right, double middle)
    {
        double x = right;
        for (int i = keys.Count - 1; i >= 0; i--)
        {
            x -= LegendRows.MarkWidth(keys[i]) + LegendRows.MarkGap + context.MeasureText(keys[i].Text, Font, LegendRows.FontSize, FontWeights.Normal).Width;
            _ = Key(context, keys[i], x, middle);
            x -= LegendRows.Gap;
        }

        return x;
    }

    /// <summary>Draws a key and returns where it ends.</summary>
    private static double Key(IRenderContext context, LegendKey key, double x, double middle)
    {
        double mark = LegendRows.MarkWidth(key);
        if (key.Mark == KeyMark.Area)
            context.DrawRectangle(new OxyRect(x, middle - 7, 13, 13), key.Colour, OxyColors.Undefined, 0, EdgeRenderingMode.Automatic);
        else
            context.DrawLine([new(x, middle), new(x + mark, middle)], key.Colour, 2.5, EdgeRenderingMode.Automatic, key.Mark == KeyMark.Dashed ? [6, 4] : null, LineJoin.Miter);
        x += mark + LegendRows.MarkGap;
        Text(context, x, middle, key.Text, Palette.Ink, LegendRows.FontSize);
        return x + context.MeasureText(key.Text, Font, LegendRows.FontSize, FontWeights.Normal).Width;
    }

    private static void EndLabels(IRenderContext context, Panel panel, double x)
    {
        if (panel.EndLabels.Count == 0) return;
        var axis = panel.Model.Axes.First(a => a.Position == AxisPosition.Left);
        var labels = panel.EndLabels.OrderByDescending(l => l.Value).ToArray();
        double[] places = Spread([.. labels.Select(l => axis.Transform(l.Value))], 17, panel.Model.PlotArea.Bottom);
        for (int i = 0; i < labels.Length; i++)
        {
            context.DrawLine([new(x, places[i]), new(x + Sample, places[i])], labels[i].Colour, 2.2, EdgeRenderingMode.Automatic, labels[i].Line.GetDashArray(), LineJoin.Miter);
            Text(context, x + Sample + SampleGap, places[i], labels[i].Text, labels[i].Colour, 13, SemiBold);
        }
    }

    /// <summary>Moves places (ascending) apart to at least a distance, the last at most at a limit, none farther than needed.</summary>
    internal static double[] Spread(double[] places, double distance, double limit)
    {
        double[] spread = [.. places];
        for (int i = 1; i < spread.Length; i++) spread[i] = Math.Max(spread[i], spread[i - 1] + distance);
        double most = limit;
        for (int i = spread.Length - 1; i >= 0; i--)
        {
            spread[i] = Math.Min(spread[i], most);
            most = spread[i] - distance;
        }

        return spread;
    }

    private static void Text(IRenderContext context, double x, double y, string text, OxyColor colour, double size, double weight = FontWeights.Normal) =>
        context.DrawText(new ScreenPoint(x, y), text, colour, Font, size, weight, 0, HorizontalAlignment.Left, VerticalAlignment.Middle, null);

    /// <summary>The text, or as much of its beginning as there is room for.</summary>
    private static string Fit(IRenderContext context, string text, double size, double width)
    {
        string fitting = text;
        for (int length = text.Length; length > 0 && context.MeasureText(fitting, Font, size, FontWeights.Normal).Width > width; length--)
            fitting = text[..(length - 1)].TrimEnd() + "\u2026";
        return fitting;
    }
}
