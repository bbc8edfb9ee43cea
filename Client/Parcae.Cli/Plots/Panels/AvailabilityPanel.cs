using OxyPlot;
using OxyPlot.Annotations;

using Parcae.Cli.Plots.Drawing;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Plots.Panels;

/// <summary>Usable instances over time: what came, and what had been forecast.</summary>
internal static class AvailabilityPanel
{
    // The wider the band, the lighter; they lie over each other, so the middle adds up.
    private static readonly (string Name, byte Alpha, byte Seen, Func<ForecastPoint, ForecastBand> Of)[] Bands =
    [
        ("95 %", 34, 34, p => p.Band95),
        ("80 %", 44, 72, p => p.Band80),
        ("50 %", 62, 117, p => p.Band50),
    ];

    /// <summary>With losses and, where there is one, a forecast.</summary>
    public static Panel Create(
        PlotTime time, IReadOnlyList<int> available, IReadOnlyList<int> lost, ForecastTrack? forecast, string title, double height, bool labelled, bool withKeys = true, double most = 0)
    {
        _ = time.Each(available, "Available");
        _ = time.Each(lost, "Lost");
        most = Math.Max(most, available.Max());
        if (forecast is not null) most = Math.Max(most, Points(time, forecast).Select(p => p.Band95.High).DefaultIfEmpty(0).Max());
        var model = Axes.OverTime(time, Top(most), labelled);
        var keys = new List<LegendKey> { new("available", Palette.Ink, KeyMark.Line) };
        model.Series.Add(Shapes.Bars(time, lost.Select(n => (double)n), Palette.Loss));
        if (forecast is not null)
        {
            foreach (var run in forecast.Runs)
            {
                foreach (var (_, alpha, _, of) in Bands)
                    model.Series.Add(Shapes.Band(time, run.Select(p => (p.Interval, of(p).Low, of(p).High)), OxyColor.FromAColor(alpha, Palette.Forecast)));
            }

            foreach (var run in forecast.Runs) model.Series.Add(Shapes.Steps(time, run.Select(p => (p.Interval, p.Mean)), Palette.Forecast, 1.6));
            keys.Add(new LegendKey("mean forecast", Palette.Forecast, KeyMark.Line));
            keys.AddRange(Bands.Reverse().Select(b => new LegendKey(b.Name, OxyColor.FromAColor(b.Seen, Palette.Forecast), KeyMark.Area)));
        }

        model.Series.Add(Shapes.Steps(time, Shapes.Indexed(available), Palette.Ink, 1.8));
        if (lost.Any(n => n > 0)) keys.Add(new LegendKey("lost", Palette.Loss, KeyMark.Area));
        return new Panel { Title = title, Note = forecast?.Note ?? "", Model = model, Height = height, Foot = Axes.FootOf(labelled), Keys = withKeys ? keys : [] };
    }

    /// <summary>With the trace's named parts.</summary>
    public static Panel Create(PlotTime time, IReadOnlyList<int> available, IReadOnlyDictionary<string, TraceSegment> segments, double height, bool labelled)
    {
        var model = Axes.OverTime(time, Top(available.Max()), labelled);
        foreach (var (name, (from, to)) in segments)
        {
            model.Annotations.Add(new RectangleAnnotation
            {
                MinimumX = time.Minute(from),
                MaximumX = time.Minute(to),
                Fill = OxyColor.FromAColor(26, Palette.Forecast),
                Layer = AnnotationLayer.BelowSeries,
                Text = name,
                FontSize = 13,
                TextColor = Palette.Forecast,
                TextPosition = new DataPoint(time.Minute((from + to) / 2.0), Top(available.Max()) * 0.015),
                TextVerticalAlignment = VerticalAlignment.Bottom,
            });
        }

        model.Series.Add(Shapes.Band(time, available.Select((n, i) => (i, 0.0, (double)n)), OxyColor.FromAColor(60, Palette.Unused)));
        model.Series.Add(Shapes.Steps(time, Shapes.Indexed(available), Palette.Ink, 1.8));
        return new Panel { Title = "Instances available", Model = model, Height = height, Foot = Axes.FootOf(labelled) };
    }

    private static double Top(double most) => Math.Max(1, most) * 1.06;

    private static IEnumerable<ForecastPoint> Points(PlotTime time, ForecastTrack forecast)
    {
        foreach (var point in forecast.Runs.SelectMany(r => r))
        {
            if (point.Interval < 0 || point.Interval >= time.Intervals)
                throw new ArgumentException($"{forecast.Name}: a forecast for interval {point.Interval}; a picture of {time.Intervals} intervals has 0 to {time.Intervals - 1}.");
            yield return point;
        }
    }
}
