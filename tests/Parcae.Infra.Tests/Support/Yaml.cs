using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Parcae.Infra.Tests.Support;

/// <summary>YAML as JSON: anchors and merge keys resolved, numbers and booleans as such.</summary>
internal static class Yaml
{
    private static readonly IDeserializer Deserializer = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();

    /// <summary>The only document of a text.</summary>
    public static JsonObject Parse(string text) => (JsonObject)ToJson(Deserializer.Deserialize<object>(new MergingParser(new Parser(new StringReader(text)))))!;

    /// <summary>The documents of a text that have something in them.</summary>
    public static IReadOnlyList<JsonObject> ParseAll(string text) =>
        [.. $"\n{text}".Split("\n---").Where(d => d.Split('\n').Any(l => l.Trim() is not ("" or ['#', ..]))).Select(Parse)];

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        IDictionary<object, object> map => new JsonObject(map.Select(e => KeyValuePair.Create($"{e.Key}", ToJson(e.Value)))),
        IEnumerable<object> list => new JsonArray([.. list.Select(ToJson)]),
        bool flag => flag,
        string text => text,
        // As in a file of JSON: a number is of any type that it fits.
        IFormattable number => JsonNode.Parse(number.ToString(null, CultureInfo.InvariantCulture)),
        _ => value.ToString(),
    };
}

/// <summary>Short ways through a document.</summary>
internal static class JsonPaths
{
    /// <summary>What is at a path of keys with dots between them, or null.</summary>
    public static JsonNode? At(this JsonNode? node, string path)
    {
        foreach (string key in path.Split('.')) node = (node as JsonObject)?[key];
        return node;
    }

    /// <summary>The text there; a missing one is an error that names the path.</summary>
    public static string Text(this JsonNode? node, string path) => node.At(path)?.ToString() ?? throw new KeyNotFoundException($"There is no {path} in {node?.ToJsonString()}");

    /// <summary>The list there; none is an empty one.</summary>
    public static IEnumerable<JsonNode> List(this JsonNode? node, string path) => (node.At(path) as JsonArray ?? []).Select(n => n!);

    /// <summary>The texts of the list there.</summary>
    public static string[] Texts(this JsonNode? node, string path) => [.. node.List(path).Select(n => n.ToString())];

    /// <summary>The keys and values of the map there; none is an empty one.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> Map(this JsonNode? node, string path) => node.At(path) as JsonObject ?? [];
}
