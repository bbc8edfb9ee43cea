namespace Parcae.Grains.Documents;

/// <summary>A piece of a document, whatever its format.</summary>
internal abstract class DocumentNode(int? line)
{
    /// <summary>Deepest nesting that is read: a job needs three levels.</summary>
    public const int MaxDepth = 32;

    /// <summary>Line of the document, from 1; null for what does not come from it.</summary>
    public int? Line { get; } = line;

    /// <summary>The value as a message shows it.</summary>
    public abstract string Shown { get; }
}

/// <summary>Fields with their values.</summary>
internal sealed class MapNode(int? line) : DocumentNode(line)
{
    /// <summary>In the order of the document.</summary>
    public List<(string Key, int? Line, DocumentNode Value)> Entries { get; } = [];

    /// <inheritdoc/>
    public override string Shown => "a group of fields";

    /// <summary>The value of a field, or null.</summary>
    public DocumentNode? this[string key] => Entries.FirstOrDefault(e => e.Key == key).Value;

    /// <summary>Adds a field; one that is there already is a problem.</summary>
    public void Add(string key, int? line, DocumentNode value, string path, List<DocumentProblem> problems)
    {
        if (this[key] is null) Entries.Add((key, line, value));
        else problems.Add(new DocumentProblem(PathOf(path, key), "the field is given twice; it must be given once.", line));
    }

    /// <summary>Sets a field, whether it is there or not.</summary>
    public void Set(string key, DocumentNode value)
    {
        int at = Entries.FindIndex(e => e.Key == key);
        if (at >= 0) Entries[at] = (key, null, value);
        else Entries.Add((key, null, value));
    }

    /// <summary>The path of a field in a group.</summary>
    public static string PathOf(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}

/// <summary>Values in order.</summary>
internal sealed class ListNode(int? line) : DocumentNode(line)
{
    public List<DocumentNode> Items { get; } = [];

    /// <inheritdoc/>
    public override string Shown => "a list";
}

/// <summary>What a single value is.</summary>
internal enum ScalarKind
{
    Null,
    Boolean,
    Number,
    Text,
}

/// <summary>A single value.</summary>
/// <param name="kind">What it is.</param>
/// <param name="value">As it is written; true or false for a boolean.</param>
/// <param name="line">Line of the document.</param>
internal sealed class ScalarNode(ScalarKind kind, string value, int? line) : DocumentNode(line)
{
    private const int Longest = 60;

    public ScalarKind Kind { get; } = kind;

    public string Value { get; } = value;

    /// <inheritdoc/>
    public override string Shown => Kind switch
    {
        ScalarKind.Null => "null",
        ScalarKind.Text => $"\"{(Value.Length <= Longest ? Value : Value[..Longest] + "…")}\"",
        _ => Value,
    };
}
