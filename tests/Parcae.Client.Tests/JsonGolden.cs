using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Parcae.Client.Tests;

/// <summary>Documents of <c>--json</c> that are kept in files.</summary>
internal static class JsonGolden
{
    /// <summary>Where they are, from the repository's root.</summary>
    public const string Folder = "tests/Parcae.Client.Tests/Commands/Json";

    private static readonly JsonSerializerOptions Writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's name of a verb, without its folder and ending.</summary>
    public static string NameOf(string verb) => verb.Replace(' ', '-');

    /// <summary>Compares what a verb printed with its file.</summary>
    /// <param name="verb">Its words.</param>
    /// <param name="output">What it printed.</param>
    /// <param name="folder">The folder that it worked in; its name is another in each run.</param>
    /// <param name="measured">Whether a value of this name differs from run to run.</param>
    public static void Same(string verb, string output, string folder, Func<string, bool> measured) =>
        Golden.Same($"{Folder}/{NameOf(verb)}.json", Settled(JsonNode.Parse(output), folder, measured)!.ToJsonString(Writing) + "\n");

    /// <summary>Without what differs from run to run; long lists by their beginning.</summary>
    private static JsonNode? Settled(JsonNode? node, string folder, Func<string, bool> measured)
    {
        switch (node)
        {
            case JsonObject map:
                var settled = new JsonObject();
                foreach (var (name, value) in map)
                    settled[name] = measured(name) ? "measured" : Settled(value, folder, measured);
                return settled;
            case JsonArray list:
                return new JsonArray([.. list.Take(3).Select(v => Settled(v, folder, measured)), .. list.Count > 3 ? [JsonValue.Create($"and {list.Count - 3} more")] : Array.Empty<JsonNode>()]);
            case JsonValue value when value.TryGetValue(out string? text):
                return text.Replace(folder, "FOLDER", StringComparison.Ordinal);
            case JsonValue value when value.TryGetValue(out double number):
                // The last digits of sums and means are the machine's.
                return Math.Abs(number) < 1e15 ? Math.Round(number, 6) : number;
            default:
                return node?.DeepClone();
        }
    }
}
