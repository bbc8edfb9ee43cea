using System.Globalization;

using OxyPlot;
using OxyPlot.Annotations;
using OxyPlot.Series;

using Parcae.Cli.Plots.Drawing;

namespace Parcae.Cli.Plots.Panels;

/// <summary>Bars of the fraction of ideal, in groups.</summary>
internal static class ComparisonPanel
{
    private const double GroupWidth = 0.9, BarWidth = 0.92, LabelSize = 11.5, Height = 170;

    /// <summary>The panel.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="bars">At least one.</param>
    /// <param name="policies">Of the whole picture, so that places and colours are the same in all panels.</param>
    /// <param name="noted">Whether it says what the bars are.</param>
    public static Panel Create(string title, IReadOnlyList<ComparisonBar> bars, IReadOnlyList<string> policies, bool noted)
    {
        var styles = Palette.OfPolicies(policies);
        string[] groups = [.. bars.Select(b => b.Group).Distinct()];
        double most = bars.Max(b => Math.Max(b.Fraction ?? 0, b.High ?? 0));
        double top = Math.Max(1, most) * 1.06;
        var model = Axes.OverGroups(groups, top, v => v.ToString("0.0#", CultureInfo.InvariantCulture));
        var ideal = new LineAnnotation { Type = LineAnnotationType.Horizontal, Y = 1, Color = Palette.Muted, LineStyle = LineStyle.Dash, Layer = AnnotationLayer.BelowSeries };
        model.Annotations.Add(ideal);
        double width = GroupWidth / policies.Count;
        double units = width / groups.Length * (Figure.Width - 92);
        foreach (var bar in bars)
        {
            double middle = Array.IndexOf(groups, bar.Group) - (GroupWidth / 2) + ((Index(policies, bar.Policy) + 0.5) * width);
            Add(model, bar, middle, width, units, Height / top, styles[bar.Policy].Fill);
        }

        return new Panel
        {
            Title = title,
            Note = noted ? "samples over the ideal's" : "",
            Model = model,
            Height = Height,
            Foot = Axes.NamedFoot,
        };
    }

    /// <summary>The legend of all panels.</summary>
    public static IReadOnlyList<LegendKey> Keys(IReadOnlyList<ComparisonBar> bars, IReadOnlyList<string> policies)
    {
        var styles = Palette.OfPolicies(policies);
        return [.. policies.Select(p => new LegendKey(p, styles[p].Fill, KeyMark.Area)), .. IntervalKey(bars)];
    }

    private static void Add(PlotModel model, ComparisonBar bar, double middle, double width, double units, double unitsPerFraction, OxyColor colour)
    {
        var area = new RectangleBarSeries { FillColor = colour, StrokeThickness = 0 };
        area.Items.Add(new RectangleBarItem(middle - (width * BarWidth / 2), 0, middle + (width * BarWidth / 2), bar.Fraction ?? 0));
        model.Series.Add(area);
        if (bar is { Fraction: not null, Low: { } low, High: { } top })
        {
            double cap = width * 0.16;
            DataPoint[] points =
            [
                new(middle, low), new(middle, top), DataPoint.Undefined,
                new(middle - cap, low), new(middle + cap, low), DataPoint.Undefined,
                new(middle - cap, top), new(middle + cap, top),
            ];
            model.Series.Add(Shapes.Line(points, Palette.Ink, 1.3));
        }

        // At the foot of the bar, away from intervals and from the line of the ideal; over a bar that is too short for it.
        bool level = units >= 38;
        if (!level && units < LabelSize + 2) return;
        string text = bar.Fraction is { } fraction ? fraction.ToString("0.000", CultureInfo.InvariantCulture) : "none";
        bool inside = bar.Fraction * unitsPerFraction > (level ? LabelSize : text.Length * LabelSize * 0.58) + 9;
        model.Annotations.Add(new TextAnnotation
        {
            Text = text,
            TextPosition = new DataPoint(middle, inside ? 0 : Math.Max(bar.Fraction ?? 0, bar.High ?? 0)),
            Offset = new ScreenVector(0, -7),
            TextRotation = level ? 0 : -90,
            TextHorizontalAlignment = level ? HorizontalAlignment.Center : HorizontalAlignment.Left,
            TextVerticalAlignment = level ? VerticalAlignment.Bottom : VerticalAlignment.Middle,
            FontSize = LabelSize,
            TextColor = inside ? Palette.On(colour) : Palette.Ink,
            StrokeThickness = 0,
        });
    }

    private static LegendKey[] IntervalKey(IReadOnlyList<ComparisonBar> bars) =>
        bars.Any(b => b.Low is not null) ? [new("95 % interval", Palette.Ink, KeyMark.Line)] : [];

    private static int Index(IReadOnlyList<string> policies, string policy)
    {
        for (int i = 0; i < policies.Count; i++)
            if (policies[i] == policy) return i;
        throw new ArgumentException($"{policy} is not among the policies {string.Join(", ", policies)}.", nameof(policy));
    }
}
