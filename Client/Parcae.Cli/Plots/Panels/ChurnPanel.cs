using OxyPlot.Annotations;

using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Plots.Panels;

/// <summary>What joined (up) and was lost (down) in each interval.</summary>
internal static class ChurnPanel
{
    /// <summary>The panel.</summary>
    public static Panel Create(PlotTime time, IReadOnlyList<TraceInterval> intervals, double height, bool labelled)
    {
        double up = Math.Max(1, intervals.Max(i => i.Added)) * 1.1, down = Math.Max(1, intervals.Max(i => i.Removed)) * 1.1;
        var model = Axes.OverTime(time, up, labelled, least: -down, format: v => Axes.Number(Math.Abs(v)));
        model.Annotations.Add(new LineAnnotation { Type = LineAnnotationType.Horizontal, Y = 0, Color = Palette.Rule, LineStyle = OxyPlot.LineStyle.Solid });
        model.Series.Add(Shapes.Bars(time, intervals.Select(i => (double)i.Added), Palette.Join));
        model.Series.Add(Shapes.Bars(time, intervals.Select(i => -(double)i.Removed), Palette.Loss));
        return new Panel
        {
            Title = "Instances joined and lost",
            Note = "in each interval",
            Model = model,
            Height = height,
            Foot = Axes.FootOf(labelled),
            Keys = [new("joined", Palette.Join, KeyMark.Area), new("lost", Palette.Loss, KeyMark.Area)],
        };
    }
}
