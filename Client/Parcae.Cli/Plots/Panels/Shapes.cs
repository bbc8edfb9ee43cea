using OxyPlot;
using OxyPlot.Series;

using Parcae.Cli.Plots.Drawing;

namespace Parcae.Cli.Plots.Panels;

/// <summary>Series as the panels draw them.</summary>
internal static class Shapes
{
    // Left to itself the library drops points that lie within two pixels, which makes slopes of the steps of a long trace.
    private const double EveryPoint = 0;

    /// <summary>A value that holds during each interval, as a line.</summary>
    public static LineSeries Steps(PlotTime time, IEnumerable<(int Interval, double Value)> values, OxyColor colour, double thickness)
    {
        var line = new LineSeries { Color = colour, StrokeThickness = thickness, LineJoin = LineJoin.Miter, MinimumSegmentLength = EveryPoint };
        foreach (var (interval, value) in values)
        {
            line.Points.Add(new DataPoint(time.Minute(interval), value));
            line.Points.Add(new DataPoint(time.Minute(interval + 1), value));
        }

        return line;
    }

    /// <summary>The area between two values that hold during each interval.</summary>
    public static AreaSeries Band(PlotTime time, IEnumerable<(int Interval, double Low, double High)> values, OxyColor fill)
    {
        var area = new AreaSeries { Color = OxyColors.Transparent, Color2 = OxyColors.Transparent, StrokeThickness = 0, Fill = fill, MinimumSegmentLength = EveryPoint };
        foreach (var (interval, low, high) in values)
        {
            foreach (double minute in (double[])[time.Minute(interval), time.Minute(interval + 1)])
            {
                area.Points.Add(new DataPoint(minute, high));
                area.Points2.Add(new DataPoint(minute, low));
            }
        }

        return area;
    }

    /// <summary>One bar an interval, from 0; none where the value is 0.</summary>
    public static RectangleBarSeries Bars(PlotTime time, IEnumerable<double> values, OxyColor fill)
    {
        var bars = new RectangleBarSeries { FillColor = fill, StrokeThickness = 0 };
        int interval = 0;
        foreach (double value in values)
        {
            if (value != 0) bars.Items.Add(new RectangleBarItem(time.Minute(interval + 0.15), Math.Min(0, value), time.Minute(interval + 0.85), Math.Max(0, value)));
            interval++;
        }

        return bars;
    }

    /// <summary>A line through points.</summary>
    public static LineSeries Line(IEnumerable<DataPoint> points, OxyColor colour, double thickness, LineStyle style = LineStyle.Solid)
    {
        var line = new LineSeries { Color = colour, StrokeThickness = thickness, LineStyle = style, LineJoin = LineJoin.Round };
        line.Points.AddRange(points);
        return line;
    }

    /// <summary>Values with the index of their interval.</summary>
    public static IEnumerable<(int Interval, double Value)> Indexed(IEnumerable<int> values) => values.Select((v, i) => (i, (double)v));

    /// <summary>Units of width that a minute has; the right margin is taken to be a wide one.</summary>
    public static double UnitsPerMinute(PlotTime time) => (Figure.Width - 240) / (time.End - time.FromMinute);
}
