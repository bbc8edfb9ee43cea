using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A float32 tensor that is to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Data">Gives its bytes when they are needed; tensors that it makes are disposed of afterwards.</param>
internal sealed record SafetensorsContent(string Name, long[] Shape, Func<ReadOnlyMemory<byte>> Data)
{
    /// <summary>Its length.</summary>
    public long Bytes => Shape.Aggregate((long)sizeof(float), (a, b) => a * b);
}

/// <summary>Writes safetensors files of float32 tensors.</summary>
internal static class SafetensorsWriter
{
    /// <summary>The header of a file that holds the tensors in this order.</summary>
    public static SafetensorsHeader Header(IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsContent> tensors)
    {
        long at = 0;
        return new(metadata, [.. tensors.Select(t => new SafetensorsEntry(t.Name, SafetensorsTypes.Float32, t.Shape, at, at += t.Bytes))]);
    }

    /// <summary>Writes a file so that it appears whole under its name or not at all.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="header">The header as it stands in the file.</param>
    /// <param name="tensors">The tensors, in the header's order.</param>
    /// <param name="progress">Told the share that is written, from 0 to 1.</param>
    public static void Write(string path, ReadOnlyMemory<byte> header, IReadOnlyList<SafetensorsContent> tensors, Action<double>? progress = null) => DurableFile.Write(path, file =>
    {
        file.Write(header.Span);
        long all = Math.Max(1, tensors.Sum(t => t.Bytes)), done = 0;
        foreach (var tensor in tensors)
        {
            using var scope = NewDisposeScope();
            var data = tensor.Data();
            if (data.Length != tensor.Bytes) throw new InvalidOperationException($"Tensor '{tensor.Name}' of shape {SafetensorsEntry.Text(tensor.Shape)} came with {data.Length} bytes.");
            file.Write(data.Span);
            progress?.Invoke((double)(done += data.Length) / all);
        }
    });
}
