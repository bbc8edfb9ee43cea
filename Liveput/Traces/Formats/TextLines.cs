using System.Globalization;
using System.Text;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Walks over the lines of a text that hold something, without a copy of it, and over the fields of a line.</summary>
internal ref struct TextLines(string file, ReadOnlySpan<byte> content)
{
    private const int MaxLineBytes = 4096;

    private ReadOnlySpan<byte> _rest = content;
    private bool _inRows;

    /// <summary>The line, trimmed.</summary>
    public ReadOnlySpan<byte> Line { get; private set; }

    /// <summary>Its number, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>Length of an interval, where the head of the text says it.</summary>
    public double? IntervalSeconds { get; private set; }

    /// <summary>Number of intervals, where the head of the text says it.</summary>
    public int? Intervals { get; private set; }

    /// <summary>Fields of the line.</summary>
    public readonly int Fields => Line.Count((byte)',') + 1;

    /// <summary>Goes to the next line that is neither empty nor a comment.</summary>
    public bool Next()
    {
        while (!_rest.IsEmpty)
        {
            Number++;
            int end = _rest.IndexOfAny((byte)'\r', (byte)'\n');
            var line = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + (_rest[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
            if (line.Length > MaxLineBytes) throw Error($"expected lines of at most {MaxLineBytes} bytes, found one of {line.Length}");
            Line = line.Trim(" \t"u8);
            if (Line.IsEmpty) continue;
            if (Line[0] != '#') return _inRows = true;
            if (!_inRows) Directive();
        }

        Line = [];
        return false;
    }

    /// <summary>A field of the line, trimmed; the line has as many.</summary>
    public readonly ReadOnlySpan<byte> Field(int index)
    {
        var rest = Line;
        for (; index > 0; index--) rest = rest[(rest.IndexOf((byte)',') + 1)..];
        int end = rest.IndexOf((byte)',');
        return (end < 0 ? rest : rest[..end]).Trim(" \t"u8);
    }

    /// <summary>A field that is a number of instances or intervals.</summary>
    public readonly int Count(int field, string what) =>
        int.TryParse(Field(field), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= TraceLimits.MaxCount
            ? value
            : throw Error($"expected {what}, a whole number from 0 to {TraceLimits.MaxCount}, found '{Excerpt.Of(Field(field))}'");

    /// <summary>Refuses a line with another number of fields.</summary>
    public readonly void RequireFields(int count, string expected)
    {
        if (Fields != count) throw Error($"expected {expected}, found {Fields} fields");
    }

    /// <summary>Refuses one interval more than a trace can have.</summary>
    public readonly void RequireRoom(int intervals)
    {
        if (intervals >= TraceLimits.MaxIntervals) throw Error($"expected at most {TraceLimits.MaxIntervals} intervals, found more");
    }

    public readonly TraceFormatException Error(string problem) => new(file, Math.Max(1, Number), problem);

    private void Directive()
    {
        int at = Line.IndexOf((byte)'=');
        if (at < 0) return;
        string key = Encoding.UTF8.GetString(Line[1..at]).Trim();
        var value = Line[(at + 1)..].Trim(" \t"u8);
        if (key.Equals("intervalSeconds", StringComparison.OrdinalIgnoreCase))
        {
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) || !TraceLimits.IsInterval(seconds))
            {
                throw Error($"expected intervalSeconds from {TraceLimits.MinIntervalSeconds} to {TraceLimits.MaxIntervalSeconds}, found '{Excerpt.Of(value)}'");
            }

            IntervalSeconds = seconds;
        }
        else if (key.Equals("intervals", StringComparison.OrdinalIgnoreCase))
        {
            if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int intervals) || intervals is < 1 or > TraceLimits.MaxIntervals)
            {
                throw Error($"expected a number of intervals from 1 to {TraceLimits.MaxIntervals}, found '{Excerpt.Of(value)}'");
            }

            Intervals = intervals;
        }
    }
}
