using System.Globalization;
using System.Text;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Cuts an event list into intervals.</summary>
internal static class EventText
{
    /// <summary>Reads from the current line on.</summary>
    public static List<TraceInterval> Read(ref TextLines lines, double seconds)
    {
        var nodes = new HashSet<string>(StringComparer.Ordinal);
        var intervals = new List<TraceInterval>();
        long last = 0;
        int added = 0, removed = 0;
        do
        {
            lines.RequireFields(3, TraceText.EventFields);
            var (time, interval) = Time(lines, seconds);
            if (time < last) throw lines.Error($"expected events in order of time, at {last} ms or later, found {time} ms");
            last = time;
            while (intervals.Count < interval) Close(nodes.Count);
            string node = Encoding.UTF8.GetString(lines.Field(2));
            if (node.Length == 0) throw lines.Error("expected the name of a node, found nothing");
            if (Ascii.EqualsIgnoreCase(lines.Field(1), "add"))
            {
                if (!nodes.Add(node)) throw lines.Error($"expected a node that is not there yet, found '{Excerpt.Of(node)}'");
                if (++added > TraceLimits.MaxCount || nodes.Count > TraceLimits.MaxCount) throw lines.Error($"expected at most {TraceLimits.MaxCount} nodes at a time and events of an interval, found more");
            }
            else if (Ascii.EqualsIgnoreCase(lines.Field(1), "remove"))
            {
                if (!nodes.Remove(node)) throw lines.Error($"expected a node that is there, found '{Excerpt.Of(node)}'");
                if (++removed > TraceLimits.MaxCount) throw lines.Error($"expected at most {TraceLimits.MaxCount} events of an interval, found more");
            }
            else
            {
                throw lines.Error($"expected add or remove, found '{Excerpt.Of(lines.Field(1))}'");
            }
        }
        while (lines.Next());

        Close(nodes.Count);
        while (intervals.Count < lines.Intervals) Close(nodes.Count);
        return intervals;

        void Close(int available)
        {
            intervals.Add(new TraceInterval(added, removed, available));
            added = removed = 0;
        }
    }

    /// <summary>The time of an event and the interval that it falls into, which is one that a trace can have.</summary>
    private static (long Time, long Interval) Time(TextLines lines, double seconds)
    {
        double length = seconds * 1000;
        if (long.TryParse(lines.Field(0), NumberStyles.None, CultureInfo.InvariantCulture, out long time))
        {
            // Lengths like a third of a second are not exact: an event at a boundary belongs to what begins there.
            double interval = Math.Floor((time / length) + 1e-9);
            if (interval < TraceLimits.MaxIntervals) return (time, (long)interval);
        }

        throw lines.Error($"expected milliseconds, a whole number under {TraceLimits.MaxIntervals * length:0} ({TraceLimits.MaxIntervals} intervals of {seconds} s), found '{Excerpt.Of(lines.Field(0))}'");
    }
}
