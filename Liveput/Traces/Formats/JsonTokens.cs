using System.Text.Json;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>Walks over a JSON text token by token, so that every error knows its line.</summary>
internal ref struct JsonTokens(string file, ReadOnlySpan<byte> content)
{
    private const int MaxTextLength = 1000;

    private static readonly JsonReaderOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private readonly ReadOnlySpan<byte> _content = content;
    private Utf8JsonReader _reader = new(content, Options);

    /// <summary>What errors call the file.</summary>
    public readonly string File => file;

    /// <summary>The token's kind.</summary>
    public readonly JsonTokenType Type => _reader.TokenType;

    /// <summary>Where the token begins, bytes; see <see cref="ErrorAt"/>.</summary>
    public readonly int Position => (int)_reader.TokenStartIndex;

    /// <summary>Goes to the next token.</summary>
    public JsonTokenType Advance() => _reader.Read() ? _reader.TokenType : throw Error("expected more, found the end of the file");

    /// <summary>Goes to the next token, which must be of a kind.</summary>
    public void Next(JsonTokenType type, string expected)
    {
        if (Advance() != type) throw Error($"expected {expected}, found {Shown()}");
    }

    /// <summary>Goes to the next member of an object; false at the object's end.</summary>
    public bool NextMember(out string name)
    {
        // Nothing but a member or the end can follow within an object.
        bool found = Advance() == JsonTokenType.PropertyName;
        name = found ? Text() : "";
        return found;
    }

    /// <summary>Goes to the end of the next value, whatever it is.</summary>
    public void SkipValue()
    {
        Advance();
        _reader.Skip();
    }

    /// <summary>Refuses anything after the document.</summary>
    public void End()
    {
        if (_reader.Read()) throw Error($"expected nothing more, found {Shown()}");
    }

    /// <summary>The next token as a text.</summary>
    public string NextText(string what)
    {
        Next(JsonTokenType.String, what);
        return Text();
    }

    /// <summary>The next token as the length of an interval.</summary>
    public double NextSeconds(string what)
    {
        Next(JsonTokenType.Number, $"a number as {what}");
        return _reader.TryGetDouble(out double seconds) && TraceLimits.IsInterval(seconds)
            ? seconds
            : throw Error($"expected {what} above 0, from {TraceLimits.MinIntervalSeconds} to {TraceLimits.MaxIntervalSeconds}, found {Shown()}");
    }

    /// <summary>The next token as a number of instances or intervals.</summary>
    public int NextCount(string what, int most = TraceLimits.MaxCount)
    {
        Advance();
        return Count(what, most);
    }

    /// <summary>The token as a number of instances or intervals; 24.0 is one too.</summary>
    public readonly int Count(string what, int most = TraceLimits.MaxCount)
    {
        if (Type != JsonTokenType.Number) throw Error($"expected {what}, found {Shown()}");
        return _reader.TryGetDouble(out double value) && value >= 0 && value <= most && value == Math.Floor(value)
            ? (int)value
            : throw Error($"expected {what}, a whole number from 0 to {most}, found {Shown()}");
    }

    /// <summary>The token as an error shows it.</summary>
    public readonly string Shown() => Type switch
    {
        JsonTokenType.EndArray => "]",
        JsonTokenType.EndObject => "}",
        _ => Excerpt.Of(_reader.ValueSpan),
    };

    public readonly TraceFormatException Error(string problem) => ErrorAt(Position, problem);

    /// <summary>An error at a token that has passed.</summary>
    public readonly TraceFormatException ErrorAt(int position, string problem) => new(file, _content[..position].Count((byte)'\n') + 1, problem);

    private readonly string Text()
    {
        try
        {
            string text = _reader.GetString()!;
            if (text.Length > MaxTextLength) throw Error($"expected a text of at most {MaxTextLength} characters, found one of {text.Length}");
            // Names and sources are shown in terminals.
            return text.Any(char.IsControl) ? throw Error($"expected a text without control characters, found '{Excerpt.Of(text)}'") : text;
        }
        catch (InvalidOperationException e)
        {
            throw new TraceFormatException(file, _content[..Position].Count((byte)'\n') + 1, $"expected a text in UTF-8, found {Shown()}", e);
        }
    }
}
