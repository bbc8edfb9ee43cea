using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Parcae.GpuWorker.Numerics;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>A safetensors file that is open for reading. Its header has been checked against the format's rules and the file's length.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    private readonly SafeFileHandle _file;

    private SafetensorsFile(string path, SafeFileHandle file, byte[] headerBytes, SafetensorsHeader header) =>
        (Path, _file, HeaderBytes, Header) = (path, file, headerBytes, header);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it says it holds.</summary>
    public SafetensorsHeader Header { get; }

    /// <summary>The header as it stands in the file, its length before it.</summary>
    public byte[] HeaderBytes { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">It is missing, or not a safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, options: FileOptions.SequentialScan);
            long length = RandomAccess.GetLength(file);
            var size = new byte[8];
            if (length < size.Length) throw new FormatException($"it ends after {length} bytes.");
            ReadAll(file, size, 0);
            long headerLength = BinaryPrimitives.ReadInt64LittleEndian(size);
            if (headerLength is < 2 or > SafetensorsHeader.MaxLength || headerLength > length - 8)
                throw new FormatException($"its header claims {headerLength} bytes; the file has {length}, and a header at most {SafetensorsHeader.MaxLength}.");
            var bytes = new byte[8 + headerLength];
            ReadAll(file, bytes, 0);
            return new SafetensorsFile(path, file, bytes, SafetensorsHeader.Parse(bytes.AsMemory(8), length - bytes.Length));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or NotSupportedException)
        {
            file?.Dispose();
            throw new CheckpointException(path, e.Message, e);
        }
    }

    /// <summary>Reads a part of a tensor's bytes.</summary>
    /// <param name="entry">The tensor.</param>
    /// <param name="offset">The part's first byte, counted from the tensor's.</param>
    /// <param name="into">Receives the part.</param>
    public void Read(SafetensorsEntry entry, long offset, Span<byte> into)
    {
        try
        {
            ReadAll(_file, into, HeaderBytes.Length + entry.Begin + offset);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(Path, $"tensor '{entry.Name}' could not be read: {e.Message}", e);
        }
    }

    /// <summary>Reads a tensor of floats of any size as float32.</summary>
    /// <returns>Of the entry's shape, on the CPU; the caller disposes of it.</returns>
    public Tensor ReadFloats(SafetensorsEntry entry)
    {
        if (!SafetensorsTypes.IsFloat(entry.Type)) throw new CheckpointException(Path, $"tensor '{entry.Name}' is of type {entry.Type}; F32, F16 and BF16 can be read as float32.");
        var tensor = empty(entry.Shape);
        try
        {
            var floats = tensor.Floats();
            int size = SafetensorsTypes.BytesOf(entry.Type)!.Value;
            var buffer = new byte[1 << 20];
            for (long at = 0; at < entry.Bytes; at += buffer.Length)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, entry.Bytes - at));
                Read(entry, at, part);
                SafetensorsTypes.ToFloats(entry.Type, part, floats.Span.Slice((int)(at / size), part.Length / size));
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static void ReadAll(SafeFileHandle file, Span<byte> into, long offset)
    {
        while (into.Length > 0)
        {
            int read = RandomAccess.Read(file, into, offset);
            if (read == 0) throw new FormatException($"it ends at byte {offset}, {into.Length} too early.");
            into = into[read..];
            offset += read;
        }
    }
}
