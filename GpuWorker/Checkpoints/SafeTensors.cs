using System.Buffers.Binary;
using System.Text.Json;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Length">Elements, float32, one dimension.</param>
/// <param name="From">First byte, counted from the end of the header.</param>
/// <param name="To">One past the last byte.</param>
internal sealed record SafeTensor(string Name, long Length, long From, long To);

/// <summary>The header of a safetensors file: 8 bytes length, JSON. Everything is checked before anything is believed.</summary>
internal static class SafeTensors
{
    private const long MaxHeader = 64 << 20;

    /// <summary>The bytes of a file's header for one-dimensional float32 tensors that lie one after the other.</summary>
    public static byte[] Header(IEnumerable<(string Name, long Length)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("__metadata__");
            foreach (var (key, value) in metadata) writer.WriteString(key, value);
            writer.WriteEndObject();
            long at = 0;
            foreach (var (name, length) in tensors)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", "F32");
                writer.WriteStartArray("shape");
                writer.WriteNumberValue(length);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(at);
                writer.WriteNumberValue(at += 4 * length);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
        }
        // Padded with blanks, so that the tensors begin at a multiple of 8.
        int size = (int)(json.Length + 7) / 8 * 8;
        var bytes = new byte[8 + size];
        bytes.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(bytes, size);
        json.ToArray().CopyTo(bytes, 8);
        return bytes;
    }

    /// <summary>Reads and checks a header; the stream is left at the first tensor.</summary>
    /// <exception cref="CheckpointException">The file is not what it should be.</exception>
    public static (IReadOnlyDictionary<string, SafeTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) ReadHeader(FileStream file)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (file.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8) throw Bad($"it has {file.Length} bytes, too few for a header");
        long size = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (size is < 2 or > MaxHeader || size > file.Length - 8) throw Bad($"its header claims {size} bytes of a file of {file.Length}");
        var json = new byte[size];
        file.ReadExactly(json);

        var tensors = new Dictionary<string, SafeTensor>();
        var metadata = new Dictionary<string, string>();
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__")
                {
                    foreach (var item in entry.Value.EnumerateObject()) metadata[item.Name] = item.Value.GetString() ?? "";
                    continue;
                }
                if (entry.Value.GetProperty("dtype").GetString() is not "F32") throw Bad($"tensor {entry.Name} is {entry.Value.GetProperty("dtype")}, not F32");
                var (shape, offsets) = (entry.Value.GetProperty("shape"), entry.Value.GetProperty("data_offsets"));
                if (shape.GetArrayLength() != 1 || offsets.GetArrayLength() != 2) throw Bad($"tensor {entry.Name} is not one-dimensional with two offsets");
                tensors.Add(entry.Name, new SafeTensor(entry.Name, shape[0].GetInt64(), offsets[0].GetInt64(), offsets[1].GetInt64()));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new CheckpointException($"{file.Name}: its header is damaged: {e.Message}", e);
        }

        long next = 0, data = file.Length - 8 - size;
        foreach (var tensor in tensors.Values.OrderBy(t => t.From))
        {
            if (tensor.Length < 0 || tensor.From != next || tensor.To - tensor.From != 4 * tensor.Length || tensor.To > data)
                throw Bad($"tensor {tensor.Name} of {tensor.Length} elements cannot lie at bytes {tensor.From} to {tensor.To} of {data}");
            next = tensor.To;
        }
        if (next != data) throw Bad($"its tensors end at byte {next} of {data}");
        return (tensors, metadata);

        CheckpointException Bad(string what) => new($"{file.Name}: {what}.");
    }
}
