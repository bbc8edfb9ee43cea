using System.Globalization;

using Parcae.Cli.Plots.Drawing;
using Parcae.Cli.Plots.Panels;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Plots;

/// <summary>A trace: the count over time with its named parts, and what joined and was lost.</summary>
internal sealed record TracePicture
{
    /// <summary>Headline.</summary>
    public required string Title { get; init; }

    /// <summary>Statistics or the source, empty for nothing.</summary>
    public string Subtitle { get; init; } = "";

    /// <summary>The time axis.</summary>
    public required PlotTime Time { get; init; }

    /// <summary>One for each interval.</summary>
    public required IReadOnlyList<TraceInterval> Intervals { get; init; }

    /// <summary>Named parts.</summary>
    public IReadOnlyDictionary<string, TraceSegment> Segments { get; init; } = new Dictionary<string, TraceSegment>();

    /// <summary>Of a trace, with its statistics as the subtitle. Where a trace begins with nothing, the instances of its first interval are its start and no joins.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="fromMinute">Where it begins in the trace that it is a part of.</param>
    public static TracePicture Of(AvailabilityTrace trace, double fromMinute = 0)
    {
        TraceInterval[] intervals = [.. trace.Intervals];
        if (trace.InitialAvailable == 0) intervals[0] = intervals[0] with { Added = intervals[0].Removed };
        return new TracePicture
        {
            Title = $"Trace {trace.Name}",
            Subtitle = string.Create(
                CultureInfo.InvariantCulture,
                $"{trace.Intervals.Count} intervals of {trace.IntervalSeconds:0.###} s; {trace.MeanAvailable:0.0} instances on average, {trace.Least} to {trace.Peak}; "
                + $"{intervals.Sum(i => i.Added)} joined, {intervals.Sum(i => i.Removed)} lost"),
            Time = new PlotTime(fromMinute, trace.IntervalSeconds, trace.Intervals.Count),
            Intervals = intervals,
            Segments = trace.Segments,
        };
    }

    /// <summary>The picture.</summary>
    /// <exception cref="ArgumentException">There are not as many intervals as the time axis has.</exception>
    public Figure ToFigure()
    {
        var intervals = Time.Each(Intervals, "Intervals");
        return new Figure
        {
            Title = Title,
            Subtitle = Subtitle,
            Panels =
            [
                AvailabilityPanel.Create(Time, [.. intervals.Select(i => i.Available)], Segments, height: 280, labelled: false),
                ChurnPanel.Create(Time, intervals, height: 130, labelled: true),
            ],
        };
    }
}
