using System.IO.Hashing;
using System.Text;
using static TorchSharp.torch;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// A safetensors file that carries a manifest and its own checksums: XxHash128 of every tensor in the manifest, and of the header (which holds those) with its
/// own digits taken as zeros, in the metadata under <c>xxh128</c>. So every byte is covered, and damage can be named. Any safetensors reader can open it.
/// </summary>
internal sealed class CheckpointFile : IDisposable
{
    private const string ManifestKey = "manifest", ChecksumKey = "xxh128";
    private static readonly string NoChecksum = new('0', 32);

    private readonly SafetensorsFile _file;

    private CheckpointFile(SafetensorsFile file, CheckpointManifest manifest) => (_file, Manifest) = (file, manifest);

    /// <summary>What it is of.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>The tensors that it says it holds.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _file.Header.Entries;

    /// <summary>Writes a file so that it appears whole under its name or not at all.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="manifest">The tensors' checksums are filled in.</param>
    /// <param name="tensors">The tensors, in the order in which they are stored; they must not change meanwhile.</param>
    public static void Write(string path, CheckpointManifest manifest, IReadOnlyList<SafetensorsContent> tensors)
    {
        manifest = manifest with { Tensors = tensors.ToDictionary(t => t.Name, Hash, StringComparer.Ordinal) };
        var metadata = new Dictionary<string, string> { [ChecksumKey] = NoChecksum, ["format"] = "parcae-checkpoint", [ManifestKey] = manifest.ToJson() };
        SafetensorsWriter.Write(path, Seal(SafetensorsWriter.Header(metadata, tensors).ToBytes(), NoChecksum), tensors);
    }

    /// <summary>Puts a header's checksum in its place.</summary>
    /// <param name="header">The header as it stands in the file; changed.</param>
    /// <param name="checksum">What is in the checksum's place.</param>
    internal static byte[] Seal(byte[] header, string checksum)
    {
        int place = ChecksumPlace(header, checksum);
        Encoding.ASCII.GetBytes(NoChecksum, header.AsSpan(place));
        Encoding.ASCII.GetBytes(Hash(header), header.AsSpan(place));
        return header;
    }

    /// <summary>Opens a file and checks its header. The tensors are checked by <see cref="ReadAll"/>.</summary>
    /// <exception cref="CheckpointException">It is missing, damaged, or not a checkpoint.</exception>
    public static CheckpointFile Open(string path)
    {
        var file = SafetensorsFile.Open(path);
        try
        {
            var metadata = file.Header.Metadata;
            CheckHeader(file.HeaderBytes, metadata);
            if (!metadata.TryGetValue(ManifestKey, out var json)) throw new FormatException("it carries no manifest.");
            var manifest = CheckpointManifest.Parse(json);
            foreach (var entry in file.Header.Entries)
            {
                if (!manifest.Tensors.ContainsKey(entry.Name)) throw new FormatException($"its manifest has no checksum of tensor '{entry.Name}'.");
            }

            return new CheckpointFile(file, manifest);
        }
        catch (FormatException e)
        {
            file.Dispose();
            throw new CheckpointException(path, e.Message, e);
        }
    }

    /// <summary>Reads all tensors from first to last and checks each against its checksum.</summary>
    /// <param name="into">Where a tensor's bytes are wanted; null: they are checked only.</param>
    /// <param name="progress">Told the share that is read, from 0 to 1.</param>
    /// <exception cref="CheckpointException">A tensor is damaged; it is named. What was read is not to be used.</exception>
    public void ReadAll(Func<SafetensorsEntry, Memory<byte>?> into, Action<double>? progress = null)
    {
        var buffer = new byte[1 << 20];
        long all = Math.Max(1, Entries.Sum(e => e.Bytes)), done = 0;
        foreach (var entry in Entries.OrderBy(e => e.Begin))
        {
            var hash = new XxHash128();
            var wanted = into(entry);
            for (long at = 0; at < entry.Bytes; at += buffer.Length)
            {
                int length = (int)Math.Min(buffer.Length, entry.Bytes - at);
                var part = wanted is { } memory ? memory.Span.Slice((int)at, length) : buffer.AsSpan(0, length);
                _file.Read(entry, at, part);
                hash.Append(part);
            }

            string actual = Convert.ToHexStringLower(hash.GetCurrentHash()), expected = Manifest.Tensors[entry.Name];
            if (actual != expected) throw new CheckpointException(_file.Path, $"tensor '{entry.Name}' is damaged: its checksum is {actual}, the manifest says {expected}.");
            progress?.Invoke((double)(done += entry.Bytes) / all);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string Hash(SafetensorsContent tensor)
    {
        using var scope = NewDisposeScope();
        return Hash(tensor.Data().Span);
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));

    private static void CheckHeader(byte[] header, IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue(ChecksumKey, out var expected) || expected.Length != NoChecksum.Length || !expected.All(char.IsAsciiHexDigitLower))
            throw new FormatException("it carries no checksum.");
        var plain = header.ToArray();
        Encoding.ASCII.GetBytes(NoChecksum, plain.AsSpan(ChecksumPlace(plain, expected)));
        var actual = Hash(plain);
        if (actual != expected) throw new FormatException($"its header is damaged: its checksum is {actual}, it says {expected}.");
    }

    private static int ChecksumPlace(ReadOnlySpan<byte> header, string checksum)
    {
        int place = header.IndexOf(Encoding.UTF8.GetBytes($"\"{ChecksumKey}\":\"{checksum}\""));
        return place >= 0 ? place + ChecksumKey.Length + 4 : throw new FormatException("its checksum is not where it should be.");
    }
}
