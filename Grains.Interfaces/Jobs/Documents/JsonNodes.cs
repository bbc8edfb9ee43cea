using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Parcae.Grains.Documents;

/// <summary>Nodes from JSON and back.</summary>
internal static class JsonNodes
{
    private static readonly JsonWriterOptions Writing = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document; null where it has a problem.</summary>
    public static DocumentNode? Read(string text, List<DocumentProblem> problems)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DocumentNode.MaxDepth });
        var lines = new Lines(utf8);
        try
        {
            _ = reader.Read();
            var node = Value(ref reader, lines, "", problems);
            // Whatever follows the document is an error of the reader's.
            _ = reader.Read();
            return node;
        }
        catch (JsonException e)
        {
            // Its own words end in the position, which goes before them here.
            string what = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0].TrimEnd('.');
            problems.Add(new DocumentProblem("", $"this is not valid JSON: {what}.", (int)(e.LineNumber ?? 0) + 1));
            return null;
        }
    }

    /// <summary>The nodes as indented JSON.</summary>
    public static string Write(DocumentNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Writing)) Write(writer, node);
        return Encoding.UTF8.GetString(buffer.WrittenSpan).ReplaceLineEndings("\n") + "\n";
    }

    private static DocumentNode Value(ref Utf8JsonReader reader, Lines lines, string path, List<DocumentProblem> problems)
    {
        int line = lines.Of(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new MapNode(line);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    int at = lines.Of(reader.TokenStartIndex);
                    string key = reader.GetString()!;
                    _ = reader.Read();
                    map.Add(key, at, Value(ref reader, lines, MapNode.PathOf(path, key), problems), path, problems);
                }

                return map;
            case JsonTokenType.StartArray:
                var list = new ListNode(line);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) list.Items.Add(Value(ref reader, lines, $"{path}[{list.Items.Count}]", problems));
                return list;
            case JsonTokenType.String:
                return new ScalarNode(ScalarKind.Text, reader.GetString()!, line);
            case JsonTokenType.Number:
                return new ScalarNode(ScalarKind.Number, Encoding.UTF8.GetString(reader.ValueSpan), line);
            case JsonTokenType.True or JsonTokenType.False:
                return new ScalarNode(ScalarKind.Boolean, reader.TokenType == JsonTokenType.True ? "true" : "false", line);
            default:
                return new ScalarNode(ScalarKind.Null, "", line);
        }
    }

    private static void Write(Utf8JsonWriter writer, DocumentNode node)
    {
        switch (node)
        {
            case MapNode map:
                writer.WriteStartObject();
                foreach (var (key, _, value) in map.Entries)
                {
                    writer.WritePropertyName(key);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case ListNode list:
                writer.WriteStartArray();
                foreach (var item in list.Items) Write(writer, item);
                writer.WriteEndArray();
                break;
            case ScalarNode { Kind: ScalarKind.Text } text:
                writer.WriteStringValue(text.Value);
                break;
            case ScalarNode { Kind: ScalarKind.Null }:
                writer.WriteNullValue();
                break;
            case ScalarNode scalar:
                writer.WriteRawValue(scalar.Value);
                break;
            default:
                throw new InvalidOperationException($"There is no JSON for a {node.GetType().Name}.");
        }
    }

    /// <summary>Lines of byte positions, which are asked for in ascending order.</summary>
    private sealed class Lines(byte[] utf8)
    {
        private long _at;
        private int _line = 1;

        public int Of(long position)
        {
            for (; _at < position; _at++)
            {
                if (utf8[_at] == '\n') _line++;
            }

            return _line;
        }
    }
}
