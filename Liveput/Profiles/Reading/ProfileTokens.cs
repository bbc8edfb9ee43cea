using System.Globalization;
using System.Text;
using System.Text.Json;

using Parcae.Liveput.Traces.Formats;

namespace Parcae.Liveput.Profiles.Reading;

/// <summary>Walks over the JSON of a profile value by value, so that every error knows its line and its member.</summary>
internal ref struct ProfileTokens
{
    // A profile nests four deep.
    private const int MaxDepth = 8;

    private static readonly JsonReaderOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = MaxDepth };

    private static readonly string ExpectedText = $"a text of 1 to {ProfileLimits.MaxTextLength} characters, none of them a control character";

    private readonly string _file;
    private readonly ReadOnlySpan<byte> _content;
    private readonly string?[] _names = new string?[MaxDepth];
    private readonly int[] _items = new int[MaxDepth];
    private Utf8JsonReader _reader;
    private int _depth;

    public ProfileTokens(string file, ReadOnlySpan<byte> content)
    {
        _file = file;
        _content = content;
        _reader = new Utf8JsonReader(content, Options);
    }

    /// <summary>Where the value begins, bytes; see <see cref="ErrorAt"/>.</summary>
    public readonly int Position => (int)_reader.TokenStartIndex;

    /// <summary>Goes to the next value; the first call to the document's.</summary>
    public void Advance()
    {
        try
        {
            if (!_reader.Read()) throw ErrorAt(_content.Length, "", "it ends too early; it must be one JSON object");
        }
        catch (JsonException e)
        {
            // It may quote what stands there.
            string problem = Excerpt.Of(e.Message.Split(" LineNumber:")[0].TrimEnd('.'), 200);
            throw new ProfileFormatException(_file, (int)(e.LineNumber ?? 0) + 1, "", $"it is not JSON: {problem}", e);
        }
    }

    /// <summary>Refuses anything after the document.</summary>
    public void End()
    {
        try
        {
            if (!_reader.Read()) return;
        }
        catch (JsonException e)
        {
            throw new ProfileFormatException(_file, (int)(e.LineNumber ?? 0) + 1, "", "it goes on after its end; it must be one JSON object", e);
        }
    }

    /// <summary>Enters the object that the value must be; walk over it with <see cref="Member"/> or <see cref="Key"/>.</summary>
    public void BeginObject(string expected)
    {
        if (_reader.TokenType != JsonTokenType.StartObject) throw Wrong(expected);
        Enter();
    }

    /// <summary>Goes to the value of the next member; false at the object's end.</summary>
    /// <param name="set">What members there may be.</param>
    /// <param name="seen">Those that were there, by index; begins at 0.</param>
    /// <param name="name">Which member it is.</param>
    public bool Member(MemberSet set, ref ulong seen, out string name)
    {
        while (NextProperty())
        {
            int index = set.IndexOf(_reader);
            if (index < 0) throw Error($"{PathTo(Excerpt.Of(_reader.ValueSpan))} is not a member of {set.Of}; it must be one of {set.All}");
            name = set[index];
            SetName(name);
            if ((seen & (1UL << index)) != 0) throw Error($"{Path()} is there twice; it must be there once");
            seen |= 1UL << index;
            Advance();
            if (!set.IsOptional(index) || _reader.TokenType != JsonTokenType.Null) return true;
        }

        name = "";
        return set.Missing(seen) is { } missing ? throw Missing(missing, $"{set.Of} must have {set.Required}") : false;
    }

    /// <summary>Goes to the value of the next member of an object whose names are whole numbers; false at the object's end.</summary>
    public bool Key(string of, long max, out long key)
    {
        key = 0;
        if (!NextProperty()) return false;
        var text = _reader.ValueSpan;
        SetName(Excerpt.Of(text));
        // As short as it can be written, so that no two names are the same number.
        bool isNumber = text.Length is > 0 and < 19 && text[0] != '0' && text.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out key) && key <= max;
        if (!isNumber) throw Error($"{Path()} is not {of}; it must be a whole number from 1 to {max}");
        Advance();
        return true;
    }

    /// <summary>Enters the list that the value must be; walk over it with <see cref="Item"/>.</summary>
    public void BeginList(string expected)
    {
        if (_reader.TokenType != JsonTokenType.StartArray) throw Wrong(expected);
        Enter();
    }

    /// <summary>Goes to the next item; false at the list's end.</summary>
    public bool Item()
    {
        Advance();
        _items[_depth - 1]++;
        if (_reader.TokenType != JsonTokenType.EndArray) return true;
        _depth--;
        return false;
    }

    /// <summary>The value as a number.</summary>
    public readonly double Number(double max, double min = 0, bool above = false) =>
        _reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out double value) && value <= max && (above ? value > min : value >= min)
            ? value
            : throw Wrong(above ? $"a number above {Shown(min)}, at most {Shown(max)}" : $"a number from {Shown(min)} to {Shown(max)}");

    /// <summary>The value as a whole number; 24.0 is one too.</summary>
    public readonly int Whole(int max, int min = 1) =>
        _reader.TokenType == JsonTokenType.Number && _reader.TryGetDouble(out double value) && value >= min && value <= max && value == Math.Floor(value)
            ? (int)value
            : throw Wrong($"a whole number from {min} to {max}");

    /// <summary>The value as a text, not blank.</summary>
    public readonly string Text()
    {
        if (_reader.TokenType != JsonTokenType.String) throw Wrong(ExpectedText);
        try
        {
            string text = _reader.GetString()!;
            // Names and sources are shown in terminals.
            return !string.IsNullOrWhiteSpace(text) && text.Length <= ProfileLimits.MaxTextLength && !text.Any(char.IsControl) ? text : throw Wrong(ExpectedText);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped.
            throw Wrong(ExpectedText);
        }
    }

    /// <summary>Whether the value is this text.</summary>
    public readonly bool TextIs(string text) => _reader.TokenType == JsonTokenType.String && _reader.ValueTextEquals(text);

    /// <summary>The member that the value is, like <c>measured[3].depth</c>.</summary>
    public readonly string Path()
    {
        var path = new StringBuilder();
        for (int i = 0; i < _depth; i++)
        {
            if (_names[i] is { } name) path.Append(path.Length > 0 ? "." : "").Append(name);
            else if (_items[i] >= 0) path.Append(CultureInfo.InvariantCulture, $"[{_items[i]}]");
        }

        return path.ToString();
    }

    /// <summary>The value is wrong: says what it is.</summary>
    public readonly ProfileFormatException Wrong(string expected) => Error($"{(_depth == 0 ? "the document" : Path())} is {Value()}; it must be {expected}");

    /// <summary>An error at the value.</summary>
    public readonly ProfileFormatException Error(string problem) => ErrorAt(Position, Path(), problem);

    /// <summary>A member is missing of the object that has just ended.</summary>
    public readonly ProfileFormatException Missing(string name, string expected) => ErrorAt(Position, PathTo(name), $"{PathTo(name)} is missing; {expected}");

    /// <summary>An error at a value that has passed.</summary>
    public readonly ProfileFormatException ErrorAt(int position, string path, string problem) =>
        new(_file, _content[..Math.Min(position, _content.Length)].Count((byte)'\n') + 1, path, problem);

    /// <summary>A number as messages show it.</summary>
    private static string Shown(double number) => number.ToString("0.###############", CultureInfo.InvariantCulture);

    private readonly string PathTo(string name) => Path() is { Length: > 0 } path ? $"{path}.{name}" : name;

    private readonly string Value() => _reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"'{Excerpt.Of(_reader.ValueSpan)}'",
        _ => Excerpt.Of(_reader.ValueSpan),
    };

    private void Enter()
    {
        (_names[_depth], _items[_depth]) = (null, -1);
        _depth++;
    }

    private readonly void SetName(string name) => _names[_depth - 1] = name;

    /// <summary>Goes to the name of the next member; false at the object's end.</summary>
    private bool NextProperty()
    {
        // Until it is known which member it is, an error is the object's.
        _names[_depth - 1] = null;
        Advance();
        if (_reader.TokenType != JsonTokenType.EndObject) return true;
        _depth--;
        return false;
    }
}
