using System.Text.Json;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Reads our own JSON, from the beginning of its object to that object's end.</summary>
internal static class OwnJson
{
    private const string Members = "name, source, intervalSeconds, segments, intervals or zones";

    public static AvailabilityTrace Read(ref JsonTokens json, string expected, TraceReadOptions options)
    {
        string name = TraceFile.NameOf(json.File), source = json.File;
        double seconds = options.IntervalSeconds;
        List<TraceInterval>? intervals = null;
        var segments = new Parts<TraceSegment>("segment");
        var zones = new Parts<IReadOnlyList<TraceInterval>>("zone");
        json.Next(JsonTokenType.StartObject, expected);
        while (json.NextMember(out string member))
        {
            switch (member)
            {
                case "name":
                    name = json.NextText("a text as name");
                    if (string.IsNullOrWhiteSpace(name)) throw json.Error("expected a name that is not empty");
                    break;
                case "source":
                    source = json.NextText("a text as source");
                    break;
                case "intervalSeconds":
                    seconds = json.NextSeconds("intervalSeconds");
                    break;
                case "segments":
                    ReadSegments(ref json, segments);
                    break;
                case "intervals":
                    intervals = ReadIntervals(ref json, TraceLimits.MaxIntervals);
                    break;
                case "zones":
                    ReadZones(ref json, zones);
                    break;
                default:
                    throw json.Error($"expected {Members}, found '{Excerpt.Of(member)}'");
            }
        }

        var total = Total(json, intervals, zones);
        foreach (var (segment, (_, to)) in segments.ByName)
        {
            if (to > total.Count) throw json.ErrorAt(segments.Positions[segment], $"expected segment {Excerpt.Of(segment)} to end at {total.Count} at most, found {to}");
        }

        return new AvailabilityTrace(name, source, seconds, total, segments.ByName, zones.ByName);
    }

    private static void ReadSegments(ref JsonTokens json, Parts<TraceSegment> segments)
    {
        json.Next(JsonTokenType.StartObject, "an object of segments");
        while (json.NextMember(out string name))
        {
            segments.RequireRoom(json, name);
            int position = json.Position;
            string shown = Excerpt.Of(name);
            json.Next(JsonTokenType.StartArray, $"[from, to] of segment {shown}");
            int from = json.NextCount($"the first interval of segment {shown}", TraceLimits.MaxIntervals);
            int to = json.NextCount($"the end of segment {shown}", TraceLimits.MaxIntervals);
            if (to <= from) throw json.Error($"expected segment {shown} to end after {from}, found {to}");
            json.Next(JsonTokenType.EndArray, $"[from, to] of segment {shown} and nothing more");
            segments.Add(name, new TraceSegment(from, to), position);
        }
    }

    private static void ReadZones(ref JsonTokens json, Parts<IReadOnlyList<TraceInterval>> zones)
    {
        int room = TraceLimits.MaxIntervals;
        json.Next(JsonTokenType.StartObject, "an object of zones");
        while (json.NextMember(out string name))
        {
            zones.RequireRoom(json, name);
            if (TraceZones.NameProblem(name) is { } problem) throw json.Error($"expected another name of a zone than '{Excerpt.Of(name)}': {problem}");
            int position = json.Position;
            var zone = ReadIntervals(ref json, room);
            int first = zones.ByName.Values.FirstOrDefault()?.Count ?? zone.Count;
            if (zone.Count != first) throw json.ErrorAt(position, $"expected {first} intervals of zone {name}, like the zones before it, found {zone.Count}");
            room -= zone.Count;
            zones.Add(name, zone, position);
        }
    }

    private static List<TraceInterval> ReadIntervals(ref JsonTokens json, int room)
    {
        var intervals = new List<TraceInterval>();
        json.Next(JsonTokenType.StartArray, "an array of intervals");
        while (json.Advance() != JsonTokenType.EndArray)
        {
            if (json.Type != JsonTokenType.StartArray) throw json.Error($"expected [added, removed, available], found {json.Shown()}");
            if (intervals.Count == room) throw json.Error($"expected at most {TraceLimits.MaxIntervals} intervals in all, found more");
            var interval = new TraceInterval(json.NextCount("the number added"), json.NextCount("the number removed"), json.NextCount("the number available"));
            if (TraceInterval.Problem(intervals.Count == 0 ? null : intervals[^1].Available, interval) is { } problem) throw json.Error(problem);
            json.Next(JsonTokenType.EndArray, "[added, removed, available] and nothing more");
            intervals.Add(interval);
        }

        return intervals.Count > 0 ? intervals : throw json.Error("expected at least one interval, found none");
    }

    /// <summary>The intervals of the whole: those that were read, which the zones must add up to, or the sum of the zones.</summary>
    private static IReadOnlyList<TraceInterval> Total(JsonTokens json, List<TraceInterval>? intervals, Parts<IReadOnlyList<TraceInterval>> zones)
    {
        if (zones.ByName.Count == 0) return intervals ?? throw json.Error("expected intervals, [[added, removed, available], ...], found none");
        var (name, zone) = zones.ByName.First();
        int position = zones.Positions[name];
        if (intervals is not null && zone.Count != intervals.Count)
        {
            throw json.ErrorAt(position, $"expected {intervals.Count} intervals of zone {name}, like the trace, found {zone.Count}");
        }

        if (intervals is not null)
        {
            return TraceZones.Difference([.. intervals], zones.ByName) is { } difference ? throw json.ErrorAt(position, difference) : intervals;
        }

        var sum = TraceZones.Sum(zones.ByName);
        int i = Array.FindIndex(sum, s => s.Available > TraceLimits.MaxCount || s.Added > TraceLimits.MaxCount || s.Removed > TraceLimits.MaxCount);
        return i < 0 ? sum : throw json.ErrorAt(position, $"expected at most {TraceLimits.MaxCount} instances in all zones, found more in interval {i}");
    }

    /// <summary>Named parts of a trace, any case, and where in the file they are.</summary>
    private sealed class Parts<T>(string kind)
    {
        public Dictionary<string, T> ByName { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Dictionary<string, int> Positions { get; } = new(StringComparer.OrdinalIgnoreCase);

        public void RequireRoom(JsonTokens json, string name)
        {
            if (ByName.ContainsKey(name)) throw json.Error($"expected each {kind} once, found {Excerpt.Of(name)} again");
            if (ByName.Count == TraceLimits.MaxParts) throw json.Error($"expected at most {TraceLimits.MaxParts} {kind}s, found more");
        }

        public void Add(string name, T part, int position)
        {
            ByName.Add(name, part);
            Positions.Add(name, position);
        }
    }
}
