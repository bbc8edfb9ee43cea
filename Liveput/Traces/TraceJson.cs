using System.Text.Json;

namespace Parcae.Liveput.Traces;

/// <summary>Reads the JSON kind of traces token by token, so that every error knows its line.</summary>
internal ref struct TraceJson
{
    private static readonly JsonReaderOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly string _file;
    private readonly ReadOnlySpan<byte> _content;
    private Utf8JsonReader _reader;

    private TraceJson(string file, ReadOnlySpan<byte> content)
    {
        _file = file;
        _content = content;
        _reader = new Utf8JsonReader(content, Options);
    }

    public static AvailabilityTrace Read(string file, ReadOnlySpan<byte> content)
    {
        var json = new TraceJson(file, content);
        try
        {
            return json.Document();
        }
        catch (JsonException e)
        {
            throw new TraceFormatException(file, (int)(e.LineNumber ?? 0) + 1, $"expected well-formed JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}", e);
        }
    }

    private AvailabilityTrace Document()
    {
        string name = Path.GetFileNameWithoutExtension(_file), source = _file;
        double seconds = TraceFile.DefaultIntervalSeconds;
        List<TraceInterval>? intervals = null;
        var segments = new List<(string Name, TraceSegment Segment, int Line)>();
        Next(JsonTokenType.StartObject, "an object with the intervals of a trace");
        while (Advance() == JsonTokenType.PropertyName)
        {
            switch (_reader.GetString())
            {
                case "name":
                    Next(JsonTokenType.String, "a text as name");
                    name = _reader.GetString()!;
                    if (string.IsNullOrWhiteSpace(name)) throw Error("expected a name that is not empty");
                    break;
                case "source":
                    Next(JsonTokenType.String, "a text as source");
                    source = _reader.GetString()!;
                    break;
                case "intervalSeconds":
                    Next(JsonTokenType.Number, "a number as intervalSeconds");
                    seconds = _reader.GetDouble();
                    if (!(seconds > 0) || !double.IsFinite(seconds)) throw Error($"expected intervalSeconds above 0, found {Token()}");
                    break;
                case "segments":
                    ReadSegments(segments);
                    break;
                case "intervals":
                    intervals = ReadIntervals();
                    break;
                case var other:
                    throw Error($"expected name, source, intervalSeconds, segments or intervals, found '{other}'");
            }
        }

        if (intervals is null) throw Error("expected intervals, [[added, removed, available], ...], found none");
        foreach (var (segment, (from, to), line) in segments)
        {
            if (to > intervals.Count) throw new TraceFormatException(_file, line, $"expected segment {segment} to end at {intervals.Count} at most, found {to}");
        }

        return new AvailabilityTrace(name, source, seconds, intervals, segments.ToDictionary(s => s.Name, s => s.Segment, StringComparer.OrdinalIgnoreCase));
    }

    private void ReadSegments(List<(string Name, TraceSegment Segment, int Line)> segments)
    {
        Next(JsonTokenType.StartObject, "an object of segments");
        while (Advance() == JsonTokenType.PropertyName)
        {
            string name = _reader.GetString()!;
            if (segments.Exists(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase))) throw Error($"expected each segment once, found {name} again");
            Next(JsonTokenType.StartArray, $"[from, to] of segment {name}");
            int line = Line();
            int from = Count($"the first interval of segment {name}");
            int to = Count($"the end of segment {name}");
            if (to <= from) throw Error($"expected segment {name} to end after {from}, found {to}");
            Next(JsonTokenType.EndArray, $"[from, to] of segment {name} and nothing more");
            segments.Add((name, new TraceSegment(from, to), line));
        }
    }

    private List<TraceInterval> ReadIntervals()
    {
        var intervals = new List<TraceInterval>();
        Next(JsonTokenType.StartArray, "an array of intervals");
        while (Advance() != JsonTokenType.EndArray)
        {
            if (_reader.TokenType != JsonTokenType.StartArray) throw Error($"expected [added, removed, available], found {Token()}");
            var interval = new TraceInterval(Count("the number added"), Count("the number removed"), Count("the number available"));
            if (TraceInterval.Problem(intervals.Count == 0 ? null : intervals[^1].Available, interval) is { } problem) throw Error(problem);
            Next(JsonTokenType.EndArray, "[added, removed, available] and nothing more");
            intervals.Add(interval);
        }

        if (intervals.Count == 0) throw Error("expected at least one interval, found none");
        return intervals;
    }

    private int Count(string what)
    {
        Next(JsonTokenType.Number, what);
        return _reader.TryGetInt32(out int value) && value >= 0 ? value : throw Error($"expected {what}, a whole number of at least 0, found {Token()}");
    }

    private void Next(JsonTokenType type, string expected)
    {
        if (Advance() != type) throw Error($"expected {expected}, found {Token()}");
    }

    private JsonTokenType Advance() => _reader.Read() ? _reader.TokenType : throw Error("expected more, found the end of the file");

    private readonly string Token() => _reader.TokenType switch
    {
        JsonTokenType.EndArray => "]",
        JsonTokenType.EndObject => "}",
        _ => System.Text.Encoding.UTF8.GetString(_reader.ValueSpan),
    };

    private readonly int Line() => _content[..(int)_reader.TokenStartIndex].Count((byte)'\n') + 1;

    private readonly TraceFormatException Error(string problem) => new(_file, Line(), problem);
}
