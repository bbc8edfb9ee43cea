using Parcae.Cli.Report.Charts;
using Parcae.Grains;

namespace Parcae.Cli.Report;

/// <summary>The charts of a report. Second 0 is the job's submission, or the beginning of what is reported on.</summary>
internal static class ReportCharts
{
    /// <summary>Kinds of migration as marks: CSS class and name.</summary>
    private static readonly (MigrationKind Kind, string Style)[] Kinds =
    [
        (MigrationKind.Start, "k-start"),
        (MigrationKind.Resume, "k-resume"),
        (MigrationKind.IntraStage, "k-intra"),
        (MigrationKind.InterStage, "k-inter"),
        (MigrationKind.Pipeline, "k-pipeline"),
    ];

    /// <summary>CSS class of a kind.</summary>
    public static string Style(MigrationKind kind) => Kinds.First(k => k.Kind == kind).Style;

    /// <summary>Instances there are, were forecast, and are used.</summary>
    public static Chart Availability(ReportData data)
    {
        var intervals = data.History.Intervals;
        double end = End(data);
        Dot[] Of(Func<IntervalRecord, double> value) => Held(intervals.Select(i => new Dot(i.Seconds, value(i))), end);
        double most = intervals.Select(i => Math.Max(i.Available, Math.Max(i.Forecast, i.Pipelines * i.Depth))).Append(data.Result.Instances.Max).Max();
        return new Chart
        {
            Title = "Instances",
            Note = "Usable instances at the end of each interval, what had been forecast for it one interval before, and how many the plan used.",
            XName = Time(data),
            XMax = end,
            YMax = Math.Ceiling(most + 0.5),
            YTicks = Ticks.Round(0, Math.Ceiling(most + 0.5), 5, whole: true),
            Series =
            [
                new Series("available", "s-available", Of(i => i.Available)) { Steps = true, Format = "0" },
                new Series("in use", "s-used", Of(i => i.Pipelines * i.Depth)) { Steps = true, Area = true, Format = "0" },
                new Series("forecast", "s-forecast", Of(i => i.Forecast)) { Steps = true, Format = "0.0" },
            ],
        };
    }

    /// <summary>The strategy over time.</summary>
    public static Chart Strategy(ReportData data)
    {
        double end = End(data);
        var timeline = data.History.Generations.Select(g => (At: Second(data, g), g.Pipelines, g.Depth))
            .Concat(data.History.Intervals.Where(i => data.History.Generations.Any(g => Second(data, g) < i.Seconds)).Select(i => (At: i.Seconds, i.Pipelines, i.Depth)))
            .OrderBy(t => t.At).ToArray();
        var levels = timeline.Select(t => (t.Pipelines, t.Depth)).Distinct().OrderBy(s => s.Pipelines * s.Depth).ThenBy(s => s.Pipelines).ToList();
        return new Chart
        {
            Title = "Strategy",
            Note = "Pipelines x stages of the plan in force; the more instances, the higher.",
            XName = Time(data),
            XMax = end,
            YMin = -0.5,
            YMax = Math.Max(1, levels.Count) - 0.5,
            YTicks = [.. levels.Select((s, i) => new Tick(i, s.Pipelines == 0 ? "pause" : $"{s.Pipelines} x {s.Depth}"))],
            Series = [new Series("strategy", "s-strategy", Held(timeline.Select(t => new Dot(t.At, levels.IndexOf((t.Pipelines, t.Depth)))), end)) { Steps = true }],
        };
    }

    /// <summary>Loss by step, with every reconfiguration.</summary>
    public static Chart Loss(ReportData data)
    {
        // Steps without a loss, which were skipped, leave a gap.
        var steps = data.History.Steps.Where(s => double.IsFinite(s.Loss)).ToArray();
        double least = steps.Length > 0 ? steps.Min(s => s.Loss) : 0, most = steps.Length > 0 ? steps.Max(s => s.Loss) : 1;
        int from = data.History.Steps.Length > 0 ? data.History.Steps[0].Step : 0;
        double margin = Math.Max(0.01, (most - least) * 0.06);
        return new Chart
        {
            Title = "Loss",
            Note = "Mean cross-entropy per token, in nats. The marks are reconfigurations: the curve runs through them undisturbed.",
            XName = from == 0 ? "step" : $"steps after step {from}",
            XMax = Math.Max(1, data.History.Steps.Length),
            YMin = Math.Max(0, least - margin),
            YMax = most + margin,
            Series = [new Series("loss", "s-loss", [.. steps.Select(s => new Dot(s.Step - from, s.Loss))]) { Format = "0.0000" }],
            Marks = [.. data.History.Generations.Select(g => new Mark(Math.Max(0, g.AtStep - from), Style(g.Kind), $"{Words.Kind(g.Kind)}: {g.Cause}"))],
            MarkLegend = MarkLegend(data),
        };
    }

    /// <summary>Samples per second over time.</summary>
    public static Chart Throughput(ReportData data)
    {
        double end = End(data);
        double most = data.Throughput.Select(t => t.SamplesPerSecond).DefaultIfEmpty(1).Max();
        return new Chart
        {
            Title = "Throughput",
            Note = "Samples per second over the last seconds, with every reconfiguration.",
            XName = Time(data),
            XMax = end,
            YMax = Math.Max(1, most * 1.08),
            Series = [new Series("samples/s", "s-speed", [.. data.Throughput.Select(t => new Dot(t.Seconds, t.SamplesPerSecond))]) { Area = true, Format = "0.0" }],
            Marks = [.. data.History.Generations.Select(g => new Mark(Second(data, g), Style(g.Kind), $"{Words.Kind(g.Kind)}: {g.Cause}"))],
            MarkLegend = MarkLegend(data),
        };
    }

    private static (string Style, string Name)[] MarkLegend(ReportData data) =>
        [.. Kinds.Where(k => data.History.Generations.Any(g => g.Kind == k.Kind)).Select(k => (k.Style, Words.Kind(k.Kind)))];

    private static string Time(ReportData data) => $"seconds since {data.Begin}";

    private static double Second(ReportData data, GenerationRecord generation) => Math.Max(0, (generation.At - data.SubmittedAt).TotalSeconds);

    private static double End(ReportData data) =>
        data.History.Intervals.Select(i => i.Seconds).Append(data.Result.WallSeconds).Append(1).Max();

    /// <summary>The last value holds until the end.</summary>
    private static Dot[] Held(IEnumerable<Dot> dots, double end)
    {
        Dot[] all = [.. dots];
        return all.Length > 0 && all[^1].X < end ? [.. all, all[^1] with { X = end }] : all;
    }
}
