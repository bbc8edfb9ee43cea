using System.Globalization;

using OxyPlot;
using OxyPlot.Axes;

using Parcae.Cli.Plots.Drawing;

namespace Parcae.Cli.Plots.Panels;

/// <summary>Empty diagrams: white, a thin level grid, round numbers.</summary>
internal static class Axes
{
    /// <summary>Room under a panel: for numbers and a title, for names alone, or for nothing.</summary>
    public const double TitledFoot = 50, NamedFoot = 32, BareFoot = 10;

    private static readonly double[] MinuteSteps = [1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440];

    /// <summary>A diagram over time.</summary>
    public static PlotModel OverTime(PlotTime time, double most, bool labelled, double least = 0, Func<double, string>? format = null)
    {
        double span = time.End - time.FromMinute;
        double step = MinuteSteps.FirstOrDefault(s => span / s <= 14, Math.Ceiling(span / 14 / 1440) * 1440);
        return Empty(
            Bottom(time.FromMinute, time.End, step, labelled ? Number : NoText, labelled ? "minutes into the trace" : ""),
            LeftAxis(least, most, format ?? Number));
    }

    /// <summary>A diagram of groups 0, 1, ... side by side.</summary>
    public static PlotModel OverGroups(IReadOnlyList<string> groups, double most, Func<double, string> format)
    {
        string Name(double x) => x == Math.Floor(x) && x >= 0 && x < groups.Count ? groups[(int)x] : "";
        return Empty(Bottom(-0.5, groups.Count - 0.5, 1, Name, ""), LeftAxis(0, most, format));
    }

    /// <summary>Room that a diagram over time needs under it.</summary>
    public static double FootOf(bool labelled) => labelled ? TitledFoot : BareFoot;

    /// <summary>A number as short as it can be: <c>250</c>, <c>1.5 M</c>.</summary>
    public static string Number(double value) => Math.Abs(value) switch
    {
        >= 1e9 => Short(value / 1e9) + " G",
        >= 1e6 => Short(value / 1e6) + " M",
        >= 1e4 => Short(value / 1e3) + " k",
        _ => Short(value),
    };

    private static string Short(double value) => Math.Round(value, 6).ToString("0.##", CultureInfo.InvariantCulture);

    private static string NoText(double value) => "";

    private static PlotModel Empty(params Axis[] axes)
    {
        var model = new PlotModel
        {
            Culture = CultureInfo.InvariantCulture,
            DefaultFont = FigureDrawing.Font,
            TextColor = Palette.Muted,
            Padding = new OxyThickness(0),
            PlotAreaBorderThickness = new OxyThickness(0, 0, 0, 1),
            PlotAreaBorderColor = Palette.Rule,
        };
        foreach (var axis in axes) model.Axes.Add(axis);
        return model;
    }

    private static LinearAxis Bottom(double from, double to, double step, Func<double, string> format, string title) => new()
    {
        Position = AxisPosition.Bottom,
        Minimum = from,
        Maximum = to,
        MajorStep = step,
        LabelFormatter = format,
        Title = title,
        TitleFontSize = 13,
        AxisTitleDistance = 11,
        FontSize = 13,
        TickStyle = title.Length > 0 ? TickStyle.Outside : TickStyle.None,
        MajorTickSize = 5,
        MinorTickSize = 0,
        TicklineColor = Palette.Rule,
        AxisTickToLabelDistance = 7,
    };

    private static LinearAxis LeftAxis(double least, double most, Func<double, string> format) => new()
    {
        Position = AxisPosition.Left,
        Minimum = least,
        Maximum = most,
        MajorStep = Step(most - least),
        LabelFormatter = format,
        FontSize = 13,
        TickStyle = TickStyle.None,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Palette.Grid,
        MajorGridlineThickness = 1,
        AxisTickToLabelDistance = 9,
    };

    // 1, 2, 2.5 or 5 times a power of ten, for about four grid lines.
    private static double Step(double span)
    {
        double raw = span / 4.2, power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return new[] { 1, 2, 2.5, 5, 10 }.First(m => m * power >= raw) * power;
    }
}
