using System.Globalization;

namespace Parcae.Grains.Documents;

/// <summary>Makes a spec of a document's nodes, and notes everything that is wrong on the way.</summary>
internal sealed class SpecBinder
{
    /// <summary>Not a property: the model to begin from.</summary>
    public const string Preset = "preset";

    /// <summary>Not a property: where an editor finds the schema.</summary>
    public const string Schema = "$schema";

    private readonly List<DocumentProblem> _problems;
    private readonly Dictionary<string, int?> _lines = [];

    private SpecBinder(List<DocumentProblem> problems) => _problems = problems;

    /// <summary>The spec; where there are problems it is of no use.</summary>
    public static JobSpec Bind(MapNode root, List<DocumentProblem> problems)
    {
        var binder = new SpecBinder(problems);
        var spec = (JobSpec)binder.Group(root, typeof(JobSpec), new JobSpec(), "");
        binder.Validate(spec);
        return spec;
    }

    /// <summary>What the spec's own rules say, but for fields that are wrong already.</summary>
    private void Validate(JobSpec spec)
    {
        string[] wrong = [.. _problems.Select(p => p.Path)];
        foreach (string problem in JobSpecValidation.Problems(spec))
        {
            string path = problem[..problem.IndexOf(": ", StringComparison.Ordinal)];
            if (!Array.Exists(wrong, w => w == path || w.StartsWith($"{path}[", StringComparison.Ordinal) || path.StartsWith($"{w}.", StringComparison.Ordinal)))
                _problems.Add(new DocumentProblem(path, problem[(path.Length + 2)..], _lines.GetValueOrDefault(path)));
        }
    }

    private object Group(MapNode map, Type type, object value, string path)
    {
        var known = SpecFields.Of(type);
        if (type == typeof(ModelSpec) && map[Preset] is { } preset) value = Begin(preset, (ModelSpec)value, MapNode.PathOf(path, Preset));
        // The defaults are shared; what is changed is a record of its own.
        object result = Copy(known, value);
        foreach (var (key, line, node) in map.Entries)
        {
            string at = MapNode.PathOf(path, key);
            if ((type == typeof(ModelSpec) && key == Preset) || (type == typeof(JobSpec) && key == Schema && node is ScalarNode { Kind: ScalarKind.Text })) continue;
            if (known.Find(key) is not { } field)
            {
                _problems.Add(new DocumentProblem(at, $"there is no such field; {Suggestions.For(path, key)}", line));
                continue;
            }

            _lines[at] = line;
            if (Convert(node, field, field.Property.GetValue(result), at, line) is { } good) field.Property.SetValue(result, good.Item);
        }

        return result;
    }

    private static object Copy(SpecFields known, object value)
    {
        object copy = Activator.CreateInstance(known.Type)!;
        foreach (var field in known.Fields) field.Property.SetValue(copy, field.Property.GetValue(value));
        return copy;
    }

    private ModelSpec Begin(DocumentNode node, ModelSpec otherwise, string path)
    {
        if (node is ScalarNode { Kind: ScalarKind.Text } name && ModelPresets.Names.Contains(name.Value, StringComparer.OrdinalIgnoreCase)) return ModelPresets.Get(name.Value);
        Wrong(path, node, $"one of {string.Join(", ", ModelPresets.Names)}");
        return otherwise;
    }

    /// <summary>The value, or null where it is wrong, which is noted.</summary>
    private Value? Convert(DocumentNode node, SpecField field, object? before, string path, int? line)
    {
        if (node is ScalarNode { Kind: ScalarKind.Null } && field.IsNullable) return new Value(null);
        if (field.IsGroup)
        {
            if (node is MapNode map) return new Value(Group(map, field.Type, before!, path));
            return Wrong(path, node, $"a group of fields such as {string.Join(", ", SpecFields.Of(field.Type).Fields.Take(3).Select(f => f.Name))}", line);
        }

        if (field.Type == typeof(Dictionary<string, string>)) return Texts(node, path, line);
        if (field.Type.IsArray) return List(node, field.Type.GetElementType()!, path, line);
        return Scalar(node, field.Type, path, field.IsNullable, line);
    }

    private Value? List(DocumentNode node, Type element, string path, int? line)
    {
        if (node is not ListNode list) return Wrong(path, node, $"a list of {(element == typeof(string) ? "texts" : "whole numbers")}", line);
        var values = Array.CreateInstance(element, list.Items.Count);
        bool good = true;
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (Scalar(list.Items[i], element, $"{path}[{i}]", false, list.Items[i].Line) is { } value) values.SetValue(value.Item, i);
            else good = false;
        }

        return good ? new Value(values) : null;
    }

    private Value? Texts(DocumentNode node, string path, int? line)
    {
        if (node is not MapNode map) return Wrong(path, node, "a group of fields with texts as their values", line);
        var texts = new Dictionary<string, string>();
        foreach (var (key, at, value) in map.Entries)
        {
            // A plug-in reads its settings itself: a number is as good as its text.
            if (value is ScalarNode { Kind: not ScalarKind.Null } text) texts[key] = text.Value;
            else Wrong(MapNode.PathOf(path, key), value, "a text, a number, true or false", at);
        }

        return new Value(texts);
    }

    private Value? Scalar(DocumentNode node, Type type, string path, bool nullable, int? line)
    {
        var scalar = node as ScalarNode;
        string or = nullable ? ", or null" : "";
        if (type == typeof(string))
            return scalar?.Kind == ScalarKind.Text ? new Value(scalar.Value) : Wrong(path, node, $"a text{(scalar?.Kind is ScalarKind.Number or ScalarKind.Boolean ? ", in quotes" : "")}{or}", line);
        if (type == typeof(bool))
            return scalar?.Kind == ScalarKind.Boolean ? new Value(scalar.Value == "true") : Wrong(path, node, $"true or false{or}", line);
        if (type == typeof(double))
        {
            return scalar?.Kind == ScalarKind.Number && double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? new Value(number) : Wrong(path, node, $"a finite number{or}", line);
        }

        var (least, most) = type == typeof(int) ? (int.MinValue, int.MaxValue) : (long.MinValue, long.MaxValue);
        if (scalar?.Kind != ScalarKind.Number || Whole(scalar.Value) is not { } whole) return Wrong(path, node, $"a whole number{or}", line);
        if (whole < least || whole > most) return Wrong(path, node, $"a whole number from {least} to {most}{or}", line);
        return new Value(type == typeof(int) ? (int)whole : (object)(long)whole);
    }

    /// <summary>A number without a fraction, however it is written: 16, 16.0 and 1.6e1.</summary>
    private static decimal? Whole(string text) =>
        decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) && decimal.Truncate(value) == value ? value : null;

    private Value? Wrong(string path, DocumentNode node, string right, int? line = null)
    {
        _problems.Add(new DocumentProblem(path, $"{node.Shown} is not valid; it must be {right}.", line ?? node.Line));
        return null;
    }

    /// <summary>A value that may be null.</summary>
    private sealed record Value(object? Item);
}
