using OxyPlot;

namespace Parcae.Cli.Plots.Drawing;

/// <summary>A picture: panels one above the other, 1,200 units wide, as high as they need.</summary>
internal sealed record Figure
{
    /// <summary>Width of every figure; one unit is a pixel in SVG, <see cref="PngFigure.Scale"/> pixels in PNG.</summary>
    public const double Width = 1200;

    /// <summary>Headline.</summary>
    public required string Title { get; init; }

    /// <summary>A line under it, empty for none.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>A legend for all panels, under the headline.</summary>
    public IReadOnlyList<LegendKey> Keys { get; init; } = [];

    /// <summary>At least one.</summary>
    public required IReadOnlyList<Panel> Panels { get; init; }

    /// <summary>Height in units.</summary>
    public double Height => FigureDrawing.HeightOf(this);
}

/// <summary>One diagram of a figure.</summary>
internal sealed record Panel
{
    /// <summary>What it shows.</summary>
    public required string Title { get; init; }

    /// <summary>More about it, beside the title, in grey.</summary>
    public string Note { get; init; } = "";

    /// <summary>Axes and series, without titles and legends.</summary>
    public required PlotModel Model { get; init; }

    /// <summary>Height of the plot area.</summary>
    public required double Height { get; init; }

    /// <summary>Room under the plot area, for the horizontal axis' numbers and title.</summary>
    public required double Foot { get; init; }

    /// <summary>The legend, right of the title.</summary>
    public IReadOnlyList<LegendKey> Keys { get; init; } = [];

    /// <summary>Names of lines, to the right of where they end.</summary>
    public IReadOnlyList<EndLabel> EndLabels { get; init; } = [];
}

/// <summary>How a key is drawn.</summary>
internal enum KeyMark
{
    /// <summary>A line.</summary>
    Line,

    /// <summary>A broken line.</summary>
    Dashed,

    /// <summary>A filled square.</summary>
    Area,
}

/// <summary>An entry of a legend.</summary>
internal sealed record LegendKey(string Text, OxyColor Colour, KeyMark Mark);

/// <summary>The name of a line, to the right of its last value, behind a piece of the line.</summary>
internal sealed record EndLabel(double Value, string Text, OxyColor Colour, LineStyle Line);
