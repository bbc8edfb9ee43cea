using Parcae.Liveput.Traces;

using Spectre.Console;

namespace Parcae.Cli.Traces;

/// <summary>A part of a trace and its figures.</summary>
/// <param name="From">First interval; null for a zone.</param>
/// <param name="To">One past the last.</param>
/// <param name="Statistics">Its figures.</param>
internal sealed record TracePart(int? From, int? To, TraceStatistics Statistics);

/// <summary>What <c>parcae trace inspect</c> tells.</summary>
/// <param name="Name">The trace.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="IntervalSeconds">Length of an interval.</param>
/// <param name="Total">Figures of the whole.</param>
/// <param name="Segments">Figures of its named parts.</param>
/// <param name="Zones">Figures of its zones.</param>
/// <param name="Found">Its most unlike parts of a given length.</param>
internal sealed record TraceReport(
    string Name,
    string Source,
    double IntervalSeconds,
    TraceStatistics Total,
    IReadOnlyDictionary<string, TracePart> Segments,
    IReadOnlyDictionary<string, TracePart> Zones,
    IReadOnlyDictionary<string, TracePart> Found)
{
    /// <summary>Works out the figures.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="window">Length of the parts that are looked for, seconds.</param>
    public static TraceReport Of(AvailabilityTrace trace, double window)
    {
        int length = (int)Math.Clamp(Math.Round(window / trace.IntervalSeconds), 1, TraceLimits.MaxIntervals);
        return new TraceReport(
            trace.Name, trace.Source, trace.IntervalSeconds, TraceStatistics.Of(trace), Parts(trace, trace.Segments),
            trace.Zones.Keys.ToDictionary(z => z, z => new TracePart(null, null, TraceStatistics.Of(trace.Zone(z)))),
            Parts(trace, TraceSegmentFinder.Find(trace, length)));

        static Dictionary<string, TracePart> Parts(AvailabilityTrace trace, IReadOnlyDictionary<string, TraceSegment> segments) =>
            segments.ToDictionary(s => s.Key, s => new TracePart(s.Value.From, s.Value.To, TraceStatistics.Of(trace.Slice(s.Value.From, s.Value.To))));
    }

    /// <summary>The figures as a table.</summary>
    public Table Table()
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["part", "minutes", "mean", "min", "max", "lost", "at times", "came", "longest quiet", "losses/instance-h"])
            table.AddColumn(new TableColumn(column).NoWrap().Alignment(column == "part" ? Justify.Left : Justify.Right));
        Add("whole", new TracePart(0, Total.Intervals, Total));
        foreach (var (name, part) in Segments) Add(name, part);
        foreach (var (name, part) in Zones) Add($"zone {name}", part);
        foreach (var (name, part) in Found) Add($"found {name}", part);
        return table;

        void Add(string name, TracePart part)
        {
            var s = part.Statistics;
            string minutes = part.From is { } from ? $"{from * IntervalSeconds / 60:0.##}-{part.To * IntervalSeconds / 60:0.##}" : "";
            // Names come from outside: never as markup.
            table.AddRow(((string[])
            [
                name, minutes, $"{s.MeanAvailable:0.00}", $"{s.LeastAvailable}", $"{s.PeakAvailable}", $"{s.InstancesPreempted}", $"{s.PreemptionEvents}", $"{s.InstancesAdded}",
                $"{s.LongestQuietIntervals * IntervalSeconds / 60:0.##} min", $"{s.LossesPerInstanceHour:0.000}",
            ]).Select(c => new Text(c)));
        }
    }
}
