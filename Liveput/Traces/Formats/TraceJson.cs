using System.Text.Json;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Reads the JSON kinds of traces: our own, one held by another document, and counts with a gap.</summary>
internal static class TraceJson
{
    private const int MaxProblemLength = 150;

    private enum Kind
    {
        Own,
        Holder,
        Gap,
    }

    public static AvailabilityTrace Read(string file, ReadOnlySpan<byte> content, TraceReadOptions options)
    {
        try
        {
            var kind = KindOf(new JsonTokens(file, content));
            var json = new JsonTokens(file, content);
            switch (kind)
            {
                case Kind.Gap:
                    return GapJson.Read(ref json, options);
                case Kind.Holder:
                    json.Advance();
                    while (json.NextMember(out string name) && name != "trace") json.SkipValue();
                    return OwnJson.Read(ref json, "member trace to be an object with the intervals of a trace", options);
                default:
                    return OwnJson.Read(ref json, "an object with the intervals of a trace", options);
            }
        }
        catch (JsonException e)
        {
            // The parser's message repeats the text that it stopped at, however long.
            string problem = Excerpt.Of(e.Message.Split(" LineNumber:")[0].TrimEnd('.'), MaxProblemLength);
            throw new TraceFormatException(file, (int)(e.LineNumber ?? 0) + 1, $"expected well-formed JSON: {problem}", e);
        }
    }

    /// <summary>Looks at the members of the document, to its end: they may come in any order.</summary>
    private static Kind KindOf(JsonTokens json)
    {
        var kind = Kind.Own;
        if (json.Advance() != JsonTokenType.StartObject) return kind;
        while (json.NextMember(out string name))
        {
            if (name == "trace") kind = Kind.Holder;
            else if (name is "data" or "metadata" && kind == Kind.Own) kind = Kind.Gap;
            json.SkipValue();
        }

        json.End();
        return kind;
    }
}
