using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;

using Parcae.Grains;
using Parcae.Grains.Documents;

namespace Parcae.Client.Tests.Jobs.Documents;

/// <summary>The schema of a job's document, from the records of the spec and their doc comments.</summary>
internal static partial class SchemaGenerator
{
    private static readonly JsonSerializerOptions Writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Lazy<Dictionary<string, string>> Comments = new(() =>
        XDocument.Load(Path.ChangeExtension(typeof(JobSpec).Assembly.Location, ".xml")).Descendants("member").Where(m => m.Element("summary") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value, m => Plain(m.Element("summary")!)));

    /// <summary>The schema, indented.</summary>
    public static string Generate()
    {
        var root = Group(SpecFields.Root, "", "A job of Parcae: what to train, on what, and within which limits. What is left out has its default value. "
            + "Beside what this schema says: model.heads divides model.hidden; training.microBatches divides training.globalBatch; model, data and tokenizer must fit each other.");
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["$id"] = "urn:parcae:job:1", ["title"] = "Parcae job" };
        foreach (var (key, value) in root) schema[key] = value?.DeepClone();
        schema["properties"]!.AsObject().Insert(0, SpecBinder.Schema, new JsonObject { ["description"] = "What names this schema, or where it is.", ["type"] = "string" });
        return schema.ToJsonString(Writing) + "\n";
    }

    private static JsonObject Group(SpecFields fields, string path, string description)
    {
        var properties = new JsonObject();
        if (fields.Type == typeof(ModelSpec))
        {
            properties[SpecBinder.Preset] = new JsonObject
            {
                ["description"] = "A well-known model to begin from; the other fields change it.",
                ["type"] = "string",
                ["enum"] = new JsonArray([.. ModelPresets.Names.Select(n => (JsonNode)n)]),
            };
        }

        foreach (var field in fields.Fields)
        {
            string at = MapNode.PathOf(path, field.Name);
            string text = Comments.Value[$"P:{fields.Type.FullName}.{field.Property.Name}"];
            properties[field.Name] = field.IsGroup ? Group(SpecFields.Of(field.Type), at, text) : Field(field, at, text, field.Property.GetValue(fields.Default));
        }

        return new JsonObject { ["description"] = description, ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }

    private static JsonObject Field(SpecField field, string path, string description, object? @default)
    {
        var schema = new JsonObject { ["description"] = description };
        if (field.Type.IsArray)
        {
            schema["type"] = "array";
            schema["items"] = field.Type == typeof(int[]) ? new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 1000 } : new JsonObject { ["type"] = "string" };
            if (field.Type == typeof(int[])) (schema["minItems"], schema["maxItems"]) = (4, 4);
        }
        else if (field.Type == typeof(Dictionary<string, string>))
        {
            schema["type"] = "object";
            schema["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") };
        }
        else
        {
            string type = field.Type == typeof(string) ? "string" : field.Type == typeof(bool) ? "boolean" : field.Type == typeof(double) ? "number" : "integer";
            schema["type"] = field.IsNullable ? new JsonArray(type, "null") : type;
            if (SchemaLimits.Choices.TryGetValue(path, out var choices)) schema["enum"] = new JsonArray([.. choices.Select(c => (JsonNode)c)]);
            if (path == "name") schema["pattern"] = "\\S";
            if (type is "integer" or "number") Limit(schema, field, path);
        }

        if (@default is not null) schema["default"] = JsonSerializer.SerializeToNode(@default);
        return schema;
    }

    private static void Limit(JsonObject schema, SpecField field, string path)
    {
        if (SchemaLimits.Unlimited.Contains(path)) (schema["minimum"], schema["maximum"]) = (int.MinValue, int.MaxValue);
        else if (SchemaLimits.Numbers.TryGetValue(path, out var limit))
        {
            if (limit.Least is { } least) schema[limit.AboveLeast ? "exclusiveMinimum" : "minimum"] = Number(least);
            if (limit.Most is { } most) schema[limit.BelowMost ? "exclusiveMaximum" : "maximum"] = Number(most);
            else if (field.Type == typeof(int)) schema["maximum"] = int.MaxValue;
        }
        else Assert.Fail($"{path} has no limits; name them in {nameof(SchemaLimits)}.");
    }

    private static JsonValue Number(double value) => value == Math.Truncate(value) ? JsonValue.Create((long)value) : JsonValue.Create(value);

    /// <summary>A doc comment's text; a list of choices stands in the schema itself, a property by its name in documents.</summary>
    private static string Plain(XElement summary)
    {
        foreach (var see in summary.Descendants("see").ToArray())
        {
            string cref = see.Attribute("cref")!.Value;
            string name = cref[(cref.LastIndexOf('.') + 1)..];
            bool list = cref.StartsWith("P:", StringComparison.Ordinal) && name is "Kinds" or "Tokenizers" or "Families" or "Optimizers" or "Schedules" or "Precisions" or "PipelineSchedules" or "CollectiveBackends" or "Forecasters" or "LayerTimeSources";
            see.ReplaceWith(list ? "those listed" : cref.StartsWith("P:", StringComparison.Ordinal) ? JsonNamingPolicy.CamelCase.ConvertName(name) : name);
        }

        return Spaces().Replace(summary.Value, " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
