namespace Parcae.Cli.Report.Charts;

/// <summary>A point of a chart, in the chart's own units.</summary>
internal readonly record struct Dot(double X, double Y);

/// <summary>A line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Style">CSS class that gives its colour.</param>
/// <param name="Dots">In order of X.</param>
internal sealed record Series(string Name, string Style, IReadOnlyList<Dot> Dots)
{
    /// <summary>Whether a value holds until the next dot, instead of a straight line to it.</summary>
    public bool Steps { get; init; }

    /// <summary>Whether the area below is tinted.</summary>
    public bool Area { get; init; }

    /// <summary>Format of a value in the readout.</summary>
    public string Format { get; init; } = "0.##";
}

/// <summary>A vertical mark.</summary>
/// <param name="X">Where.</param>
/// <param name="Style">CSS class that gives its colour.</param>
/// <param name="Text">Shown by the readout.</param>
internal sealed record Mark(double X, string Style, string Text);

/// <summary>A mark of an axis.</summary>
internal readonly record struct Tick(double At, string Label);

/// <summary>A chart with one horizontal and one vertical axis.</summary>
internal sealed record Chart
{
    public required string Title { get; init; }

    /// <summary>What to see in it, in a sentence.</summary>
    public required string Note { get; init; }

    /// <summary>Name and unit of the horizontal axis.</summary>
    public required string XName { get; init; }

    public required IReadOnlyList<Series> Series { get; init; }

    public IReadOnlyList<Mark> Marks { get; init; } = [];

    /// <summary>Legend entries of the marks: style and name.</summary>
    public IReadOnlyList<(string Style, string Name)> MarkLegend { get; init; } = [];

    public required double XMax { get; init; }

    public double YMin { get; init; }

    public required double YMax { get; init; }

    /// <summary>Marks of the vertical axis; null: round numbers.</summary>
    public IReadOnlyList<Tick>? YTicks { get; init; }
}
