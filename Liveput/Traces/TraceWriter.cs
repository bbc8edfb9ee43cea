using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

using Parcae.Liveput.Traces.Formats;

namespace Parcae.Liveput.Traces;

/// <summary>Writes traces in every format that <see cref="TraceFile"/> reads.</summary>
public static class TraceWriter
{
    private const int FlushBytes = 1 << 16;

    private static readonly JsonWriterOptions JsonOptions = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a trace to a file, over what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="trace">The trace.</param>
    /// <param name="format">How.</param>
    /// <param name="seed">For events: which nodes are lost; see <see cref="TraceEvents.Of"/>.</param>
    /// <exception cref="ArgumentException">The trace cannot be written so: an event list without an event says nothing.</exception>
    public static void Save(string path, AvailabilityTrace trace, TraceFormat format, ulong? seed = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Check(trace, format);
        using var file = File.Create(path);
        Write(file, trace, format, seed);
    }

    /// <summary>A trace as text.</summary>
    /// <exception cref="ArgumentException">The trace cannot be written so: an event list without an event says nothing.</exception>
    public static string Text(AvailabilityTrace trace, TraceFormat format, ulong? seed = null)
    {
        using var stream = new MemoryStream();
        Write(stream, trace, format, seed);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Writes a trace, in UTF-8; the stream stays open.</summary>
    /// <exception cref="ArgumentException">The trace cannot be written so: an event list without an event says nothing.</exception>
    public static void Write(Stream stream, AvailabilityTrace trace, TraceFormat format, ulong? seed = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Check(trace, format);
        if (format is TraceFormat.Json or TraceFormat.GapJson)
        {
            using var json = new Utf8JsonWriter(stream, JsonOptions);
            if (format == TraceFormat.Json) WriteJson(json, trace);
            else WriteGapJson(json, trace);
            json.Flush();
            stream.WriteByte((byte)'\n');
            return;
        }

        using var text = new StreamWriter(stream, new UTF8Encoding(false), FlushBytes, leaveOpen: true) { NewLine = "\n" };
        if (trace.IntervalSeconds != TraceFile.DefaultIntervalSeconds) text.WriteLine($"# intervalSeconds={trace.IntervalSeconds}");
        switch (format)
        {
            case TraceFormat.Counts:
                foreach (var interval in trace.Intervals) text.WriteLine(interval.Available);
                break;
            case TraceFormat.Csv:
                text.WriteLine(TraceText.Header);
                for (int i = 0; i < trace.Intervals.Count; i++) text.WriteLine($"{i},{trace.Intervals[i].Added},{trace.Intervals[i].Removed},{trace.Intervals[i].Available}");
                break;
            default:
                text.WriteLine($"# intervals={trace.Intervals.Count}");
                foreach (var (at, added, node) in TraceEvents.Of(trace, seed)) text.WriteLine($"{at},{(added ? "add" : "remove")},{node}");
                break;
        }
    }

    /// <summary>Writes a trace in our own JSON as the next value of a document, such as the member <c>trace</c> of a plan file.</summary>
    public static void WriteJson(Utf8JsonWriter json, AvailabilityTrace trace)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(trace);
        json.WriteStartObject();
        json.WriteString("name", trace.Name);
        json.WriteString("source", trace.Source);
        json.WriteNumber("intervalSeconds", trace.IntervalSeconds);
        if (trace.Segments.Count > 0)
        {
            json.WriteStartObject("segments");
            foreach (var (name, (from, to)) in trace.Segments)
            {
                json.WritePropertyName(name);
                json.WriteRawValue($"[{from}, {to}]");
            }

            json.WriteEndObject();
        }

        WriteIntervals(json, "intervals", trace.Intervals);
        if (trace.Zones.Count > 0)
        {
            json.WriteStartObject("zones");
            foreach (var (name, zone) in trace.Zones) WriteIntervals(json, name, zone);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteIntervals(Utf8JsonWriter json, string name, IReadOnlyList<TraceInterval> intervals)
    {
        json.WriteStartArray(name);
        foreach (var (added, removed, available) in intervals)
        {
            // Raw: an interval on a line of its own, not each of its numbers.
            json.WriteRawValue($"[{added}, {removed}, {available}]", skipInputValidation: true);
            if (json.BytesPending > FlushBytes) json.Flush();
        }

        json.WriteEndArray();
    }

    private static void WriteGapJson(Utf8JsonWriter json, AvailabilityTrace trace)
    {
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        json.WriteNumber("gap_seconds", trace.IntervalSeconds);
        json.WriteString("name", trace.Name);
        json.WriteString("source", trace.Source);
        json.WriteEndObject();
        json.WriteStartArray("data");
        foreach (var interval in trace.Intervals)
        {
            json.WriteNumberValue(interval.Available);
            if (json.BytesPending > FlushBytes) json.Flush();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Check(AvailabilityTrace trace, TraceFormat format)
    {
        ArgumentNullException.ThrowIfNull(trace);
        if (!Enum.IsDefined(format)) throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format.");
        if (format == TraceFormat.Events && trace.InitialAvailable == 0 && trace.Intervals.All(i => i.Added == 0))
        {
            throw new ArgumentException($"Trace {trace.Name} never has an instance; an event list of it would be empty.");
        }
    }
}
