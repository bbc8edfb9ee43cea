using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Parcae.Client.Tests.Documentation;

/// <summary>The page on the fields of a job's document, from its schema.</summary>
internal static class JobReference
{
    /// <summary>Where it is.</summary>
    public const string File = "docs/job-spec.md";

    private const string Head = """
        # Job reference

        <!-- Made from docs/job.schema.json by a test; PARCAE_UPDATE_GOLDEN=1 writes it anew. -->

        A job is a document in YAML (1.2, core schema, no anchors or tags) or JSON. It holds what differs from the defaults; a field that is not listed here is refused. [The schema](job.schema.json) says the same to editors; how a document is submitted is in [the command](cli.md#a-job-from-its-document-to-its-report).

        ```yaml
        # yaml-language-server: $schema=job.schema.json
        name: first
        model:
          preset: gpt2
          sequenceLength: 256
        data:
          paths: [/data/books]
        training:
          steps: 10000
          globalBatch: 64
        ```

        Rules that no single field has: `model.heads` divides `model.hidden`; `training.microBatches` divides `training.globalBatch`; model, data and tokenizer fit each other. What is wrong is told all at once, each with line and path.

        """;

    /// <summary>The page.</summary>
    public static string Generate(JsonObject schema)
    {
        var text = new StringBuilder(Head.ReplaceLineEndings("\n"));
        var properties = schema["properties"]!.AsObject();
        Section(text, "The document", null, properties.Where(p => !IsGroup(p.Value!)), "");
        foreach (var (name, group) in properties.Where(p => IsGroup(p.Value!))) Section(text, name, (string)group!["description"]!, group["properties"]!.AsObject(), $"{name}.");
        return text.ToString();
    }

    private static bool IsGroup(JsonNode field) => field["properties"] is not null;

    private static void Section(StringBuilder text, string title, string? description, IEnumerable<KeyValuePair<string, JsonNode?>> fields, string prefix)
    {
        text.Append($"\n## {title}\n\n");
        if (description is not null) text.Append(description).Append("\n\n");
        text.Append("| field | type | default | may be | meaning |\n| --- | --- | --- | --- | --- |\n");
        foreach (var (name, field) in fields) text.Append($"| `{prefix}{name}` | {Type(field!)} | {Default(field!)} | {Allowed(field!)} | {Cell(Meaning(field!))} |\n");
    }

    private static string Type(JsonNode field)
    {
        string[] types = field["type"] is JsonArray several ? [.. several.Select(t => (string)t!)] : [(string)field["type"]!];
        return string.Join(" or ", types.Select(t => t switch
        {
            "integer" => "whole number",
            "string" => "text",
            "boolean" => "true or false",
            "array" => (string)field["items"]!["type"]! == "string" ? "list of texts" : "list of whole numbers",
            "object" => "names and values",
            _ => t,
        }));
    }

    private static string Default(JsonNode field) => field["default"] switch
    {
        null => (field["type"] as JsonArray)?.Any(t => (string)t! == "null") == true ? "`null`" : "",
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => "empty",
        JsonValue value when value.TryGetValue(out string? s) => s.Length == 0 ? "empty" : $"`{s}`",
        JsonNode other => $"`{other.ToJsonString().Replace(",", ", ", StringComparison.Ordinal)}`",
    };

    private static string Allowed(JsonNode field)
    {
        if (field["enum"] is JsonArray choices) return string.Join(", ", choices.Select(c => $"`{(string)c!}`"));
        if (field["items"]?["minimum"] is not null && field["minItems"] is { } length) return $"{length} numbers {Range(field["items"]!)}";
        return Range(field);
    }

    private static string Range(JsonNode field)
    {
        double? Number(string name) => field[name] is { } limit ? (double)limit.AsValue() : null;
        string Show(double value) => value.ToString("0.################", CultureInfo.InvariantCulture);
        var (least, above, most, below) = (Number("minimum"), Number("exclusiveMinimum"), Number("maximum"), Number("exclusiveMaximum"));
        // What a number of 32 bits can hold is no rule that anybody would look up.
        if (least is int.MinValue) least = null;
        if (most is int.MaxValue) most = null;
        string from = (least, above) switch
        {
            ({ } a, _) when most is null && below is null => $"at least {Show(a)}",
            ({ } a, _) => $"from {Show(a)}",
            (_, { } a) => $"above {Show(a)}",
            _ => "",
        };
        string to = (most, below) switch
        {
            ({ } b, _) => $" to {Show(b)}",
            (_, { } b) => least is null ? $" and below {Show(b)}" : $" to below {Show(b)}",
            _ => "",
        };
        return from + to;
    }

    /// <summary>Without a default value that has a column of its own; one that is explained stays.</summary>
    private static string Meaning(JsonNode field)
    {
        string text = (string)field["description"]!;
        string shown = Default(field).Trim('`', '[', ']');
        return shown.Length == 0 ? text : text.Replace($" The default value is {shown}.", "", StringComparison.Ordinal);
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
