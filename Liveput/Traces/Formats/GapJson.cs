using System.Text.Json;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Reads <c>{ "metadata": { "gap_seconds": 60 }, "data": [count, ...] }</c>, the members in any order.</summary>
internal static class GapJson
{
    public static AvailabilityTrace Read(ref JsonTokens json, TraceReadOptions options)
    {
        double seconds = options.IntervalSeconds;
        List<TraceInterval>? intervals = null;
        json.Next(JsonTokenType.StartObject, "an object with the data of a trace");
        while (json.NextMember(out string name))
        {
            switch (name)
            {
                case "metadata":
                    seconds = Gap(ref json) ?? seconds;
                    break;
                case "data":
                    intervals = Data(ref json);
                    break;
                default:
                    json.SkipValue();
                    break;
            }
        }

        if (intervals is null) throw json.Error("expected data, [count, ...], found none");
        return new AvailabilityTrace(TraceFile.NameOf(json.File), json.File, seconds, intervals);
    }

    private static double? Gap(ref JsonTokens json)
    {
        double? gap = null;
        json.Next(JsonTokenType.StartObject, "an object as metadata");
        while (json.NextMember(out string name))
        {
            if (name == "gap_seconds") gap = json.NextSeconds("gap_seconds");
            else json.SkipValue();
        }

        return gap;
    }

    private static List<TraceInterval> Data(ref JsonTokens json)
    {
        var intervals = new List<TraceInterval>();
        json.Next(JsonTokenType.StartArray, "an array of counts as data");
        while (json.Advance() != JsonTokenType.EndArray)
        {
            if (intervals.Count == TraceLimits.MaxIntervals) throw json.Error($"expected at most {TraceLimits.MaxIntervals} counts, found more");
            int count = json.Count("a count");
            intervals.Add(TraceText.Following(intervals.Count == 0 ? count : intervals[^1].Available, count));
        }

        return intervals.Count > 0 ? intervals : throw json.Error("expected at least one count, found none");
    }
}
