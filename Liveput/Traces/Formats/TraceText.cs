using System.Globalization;
using System.Text;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Reads the text kinds of traces: counts, CSV and event lists.</summary>
internal static class TraceText
{
    public const string Header = "minute,added,removed,available";
    public const string EventFields = "ms,add|remove,node";

    public static AvailabilityTrace Read(string file, ReadOnlySpan<byte> content, TraceReadOptions options)
    {
        var lines = new TextLines(file, content);
        if (!lines.Next()) throw lines.Error("expected a count, found only comments");
        if (IsHeader(lines))
        {
            if (!lines.Next()) throw lines.Error("expected rows after the header, found none");
            lines.RequireFields(4, Header);
        }

        double seconds = lines.IntervalSeconds ?? (lines.Fields == 3 ? options.EventIntervalSeconds : options.IntervalSeconds);
        var intervals = lines.Fields switch
        {
            1 => Counts(ref lines),
            3 => EventText.Read(ref lines, seconds),
            4 => Table(ref lines),
            int n => throw lines.Error($"expected a count, a row of {Header} or an event {EventFields}, found {n} fields"),
        };
        return new AvailabilityTrace(TraceFile.NameOf(file), file, seconds, intervals);
    }

    private static bool IsHeader(TextLines lines)
    {
        if (lines.Fields != 4) return false;
        string[] names = Header.Split(',');
        for (int i = 0; i < names.Length; i++)
        {
            if (!Ascii.EqualsIgnoreCase(lines.Field(i), names[i])) return false;
        }

        return true;
    }

    private static List<TraceInterval> Counts(ref TextLines lines)
    {
        var intervals = new List<TraceInterval>();
        do
        {
            lines.RequireFields(1, "one count");
            lines.RequireRoom(intervals.Count);
            int count = lines.Count(0, "a count");
            intervals.Add(Following(intervals.Count == 0 ? count : intervals[^1].Available, count));
        }
        while (lines.Next());
        return intervals;
    }

    private static List<TraceInterval> Table(ref TextLines lines)
    {
        var intervals = new List<TraceInterval>();
        do
        {
            lines.RequireFields(4, Header);
            lines.RequireRoom(intervals.Count);
            if (!long.TryParse(lines.Field(0), NumberStyles.None, CultureInfo.InvariantCulture, out long minute) || minute != intervals.Count)
            {
                throw lines.Error($"expected minute {intervals.Count}, found '{Excerpt.Of(lines.Field(0))}'");
            }

            var interval = new TraceInterval(
                lines.Count(1, "a number of added instances"), lines.Count(2, "a number of removed instances"), lines.Count(3, "a number of available instances"));
            if (TraceInterval.Problem(intervals.Count == 0 ? null : intervals[^1].Available, interval) is { } problem) throw lines.Error(problem);
            intervals.Add(interval);
        }
        while (lines.Next());
        return intervals;
    }

    /// <summary>The interval in which one count followed another.</summary>
    internal static TraceInterval Following(int before, int count) => new(Math.Max(0, count - before), Math.Max(0, before - count), count);
}
