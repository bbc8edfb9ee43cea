using System.Globalization;

namespace Parcae.Liveput.Traces;

/// <summary>Reads the text kinds of traces: counts, CSV and event lists.</summary>
internal static class TraceText
{
    private const string Header = "minute,added,removed,available";
    private const int MaxIntervals = 10_000_000;

    public static AvailabilityTrace Read(string file, string content)
    {
        var lines = new List<(int Number, string[] Fields)>();
        int number = 0;
        foreach (var line in content.AsSpan().EnumerateLines())
        {
            number++;
            var text = line.Trim();
            if (!text.IsEmpty && text[0] != '#') lines.Add((number, text.ToString().Split(',', StringSplitOptions.TrimEntries)));
        }

        if (lines.Count == 0) throw new TraceFormatException(file, number, "expected a count, found only comments");
        bool header = string.Equals(string.Join(',', lines[0].Fields), Header, StringComparison.OrdinalIgnoreCase);
        if (header && lines.Count == 1) throw new TraceFormatException(file, lines[0].Number, "expected rows after the header, found none");
        var rows = header ? lines[1..] : lines;
        var intervals = (header ? 4 : rows[0].Fields.Length) switch
        {
            1 => Counts(file, rows),
            3 => Events(file, rows),
            4 => Table(file, rows),
            int n => throw new TraceFormatException(file, rows[0].Number, $"expected a count, a row of {Header} or an event ms,add|remove,node, found {n} fields"),
        };
        string name = Path.GetFileNameWithoutExtension(file) is { Length: > 0 } stem ? stem : file;
        return new AvailabilityTrace(name, file, TraceFile.DefaultIntervalSeconds, intervals);
    }

    private static List<TraceInterval> Counts(string file, List<(int Number, string[] Fields)> rows)
    {
        var intervals = new List<TraceInterval>(rows.Count);
        int before = 0;
        foreach (var (number, fields) in rows)
        {
            RequireFields(file, number, fields, 1, "one count");
            int count = Count(file, number, "a count", fields[0]);
            if (intervals.Count == 0) before = count;
            intervals.Add(new TraceInterval(Math.Max(0, count - before), Math.Max(0, before - count), count));
            before = count;
        }

        return intervals;
    }

    private static List<TraceInterval> Table(string file, List<(int Number, string[] Fields)> rows)
    {
        var intervals = new List<TraceInterval>(rows.Count);
        foreach (var (number, fields) in rows)
        {
            RequireFields(file, number, fields, 4, Header);
            int minute = Count(file, number, "a minute", fields[0]);
            if (minute != intervals.Count) throw new TraceFormatException(file, number, $"expected minute {intervals.Count}, found {minute}");
            var interval = new TraceInterval(
                Count(file, number, "a number of added instances", fields[1]),
                Count(file, number, "a number of removed instances", fields[2]),
                Count(file, number, "a number of available instances", fields[3]));
            if (TraceInterval.Problem(intervals.Count == 0 ? null : intervals[^1].Available, interval) is { } problem)
            {
                throw new TraceFormatException(file, number, problem);
            }

            intervals.Add(interval);
        }

        return intervals;
    }

    private static List<TraceInterval> Events(string file, List<(int Number, string[] Fields)> rows)
    {
        var nodes = new HashSet<string>(StringComparer.Ordinal);
        var intervals = new List<TraceInterval>();
        long last = 0;
        int added = 0, removed = 0, before = 0;
        foreach (var (number, fields) in rows)
        {
            RequireFields(file, number, fields, 3, "ms,add|remove,node");
            if (!long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long time) || time / 60_000 >= MaxIntervals)
            {
                throw new TraceFormatException(file, number, $"expected milliseconds, a whole number under {MaxIntervals * 60_000L}, found '{fields[0]}'");
            }

            if (time < last) throw new TraceFormatException(file, number, $"expected events in order of time, at {last} ms or later, found {time} ms");
            last = time;
            while (intervals.Count < time / 60_000) Close();
            switch (fields[1].ToUpperInvariant())
            {
                case "ADD":
                    if (!nodes.Add(Node(file, number, fields[2]))) throw new TraceFormatException(file, number, $"expected a node that is not there yet, found '{fields[2]}'");
                    added++;
                    break;
                case "REMOVE":
                    if (!nodes.Remove(Node(file, number, fields[2]))) throw new TraceFormatException(file, number, $"expected a node that is there, found '{fields[2]}'");
                    removed++;
                    break;
                default:
                    throw new TraceFormatException(file, number, $"expected add or remove, found '{fields[1]}'");
            }
        }

        Close();
        return intervals;

        void Close()
        {
            before += added - removed;
            intervals.Add(new TraceInterval(added, removed, before));
            added = removed = 0;
        }
    }

    private static string Node(string file, int number, string name) =>
        name.Length > 0 ? name : throw new TraceFormatException(file, number, "expected the name of a node, found nothing");

    private static void RequireFields(string file, int number, string[] fields, int count, string expected)
    {
        if (fields.Length != count) throw new TraceFormatException(file, number, $"expected {expected}, found {fields.Length} fields");
    }

    private static int Count(string file, int number, string what, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new TraceFormatException(file, number, $"expected {what}, a whole number from 0 to {int.MaxValue}, found '{text}'");
}
