using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Type of its elements, see <see cref="SafetensorsTypes"/>.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Begin">First byte, counted from the first tensor's.</param>
/// <param name="End">One past the last byte.</param>
internal sealed record SafetensorsEntry(string Name, string Type, long[] Shape, long Begin, long End)
{
    /// <summary>Its length.</summary>
    public long Bytes => End - Begin;

    /// <summary>For messages: <c>[3, 4]</c>.</summary>
    public static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}

/// <summary>
/// The header of a safetensors file: 8 bytes of length, then JSON that names every tensor with its type, shape and place, then the tensors. Reading trusts
/// nothing: a file that breaks the format's rules is refused before any of it is used.
/// </summary>
internal sealed record SafetensorsHeader(IReadOnlyDictionary<string, string> Metadata, IReadOnlyList<SafetensorsEntry> Entries)
{
    /// <summary>Longest header that is read, bytes: the limit of the reference implementation.</summary>
    public const long MaxLength = 100_000_000;

    private const string MetadataName = "__metadata__";

    /// <summary>The length and the JSON, as they stand in the file.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Advance(Clear(buffer.GetSpan(8)[..8]));
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataName);
            foreach (var (key, value) in Metadata) json.WriteString(key, value);
            json.WriteEndObject();
            foreach (var entry in Entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Type);
                json.WriteStartArray("shape");
                foreach (long size in entry.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Begin);
                json.WriteNumberValue(entry.End);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces up to a multiple of eight keep the tensors aligned in a memory-mapped file.
        var padding = buffer.GetSpan(8)[..(-buffer.WrittenCount & 7)];
        padding.Fill((byte)' ');
        buffer.Advance(padding.Length);
        var bytes = buffer.WrittenSpan.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, bytes.Length - 8);
        return bytes;

        static int Clear(Span<byte> span)
        {
            span.Clear();
            return span.Length;
        }
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The JSON, without the length.</param>
    /// <param name="dataLength">Bytes of the file after the header.</param>
    /// <exception cref="FormatException">It breaks the format's rules; the message says which one.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long dataLength)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var entries = new List<SafetensorsEntry>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name != MetadataName) entries.Add(Entry(property));
                else foreach (var pair in property.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
            }

            CheckPlaces(entries, dataLength);
            return new SafetensorsHeader(metadata, entries);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"its header is not what the format asks for: {e.Message}", e);
        }
    }

    private static SafetensorsEntry Entry(JsonProperty property)
    {
        var (name, value) = (property.Name, property.Value);
        var type = value.GetProperty("dtype").GetString();
        if (SafetensorsTypes.BytesOf(type) is not { } size) throw new FormatException($"tensor '{name}' is of type {type}, which is none of the format's.");
        long[] shape = Numbers(name, value, "shape"), offsets = Numbers(name, value, "data_offsets");
        if (offsets is not [var begin, var end] || begin < 0 || end < begin)
            throw new FormatException($"tensor '{name}' lies at {SafetensorsEntry.Text(offsets)}, which is no range.");
        if (BytesOf(shape, size) != end - begin)
            throw new FormatException($"tensor '{name}' of shape {SafetensorsEntry.Text(shape)} and type {type} has {end - begin} bytes.");
        return new SafetensorsEntry(name, type!, shape, begin, end);
    }

    private static long[] Numbers(string name, JsonElement entry, string property) => [.. entry.GetProperty(property).EnumerateArray().Select(
        e => e.TryGetInt64(out long number) ? number : throw new FormatException($"tensor '{name}' has {property} {entry.GetProperty(property).GetRawText()}, which are not all whole numbers of 64 bits."))];

    // Null where there is no such shape: a negative size, or more bytes than can be counted.
    private static long? BytesOf(long[] shape, long size)
    {
        if (shape.Any(s => s < 0)) return null;
        try
        {
            return shape.Aggregate(size, (a, b) => checked(a * b));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    // One after the other, without overlaps or holes, and all of the file.
    private static void CheckPlaces(List<SafetensorsEntry> entries, long dataLength)
    {
        long at = 0;
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != at) throw new FormatException($"tensor '{entry.Name}' begins at byte {entry.Begin}; the one before it ends at {at}.");
            if (entry.End > dataLength) throw new FormatException($"tensor '{entry.Name}' ends at byte {entry.End}, but there are only {dataLength}.");
            at = entry.End;
        }

        if (at != dataLength) throw new FormatException($"it has {dataLength} bytes of tensors, its header accounts for {at}.");
    }
}
