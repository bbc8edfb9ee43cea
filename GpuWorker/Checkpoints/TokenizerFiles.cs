using System.IO.Hashing;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// The files of a job's tokenizer, copied beside its checkpoints: a checkpoint can then be used where the job's paths mean nothing. They have fixed names;
/// the manifest has their checksums only.
/// </summary>
internal static class TokenizerFiles
{
    /// <summary>The vocabulary's and the merges' names, which are those of GPT-2's files.</summary>
    public const string Vocabulary = "vocab.json", Merges = "merges.txt";

    /// <summary>Both.</summary>
    public static IReadOnlyList<string> Names { get; } = [Vocabulary, Merges];

    /// <summary>Longest file that is kept, bytes.</summary>
    private const long MaxLength = 256 << 20;

    /// <summary>Copies the files that the job names and that are here, unless they are there already. Returns their checksums by name.</summary>
    /// <param name="data">The job's data.</param>
    /// <param name="folder">The job's checkpoints.</param>
    public static IReadOnlyDictionary<string, string> Keep(DataSpec data, string folder)
    {
        var kept = new Dictionary<string, string>(StringComparer.Ordinal);
        if (data.Tokenizer != "bpe") return kept;
        foreach (var (name, source) in new[] { (Vocabulary, data.VocabularyFile), (Merges, data.MergesFile) })
        {
            // On the workers' machines, perhaps not on the vault's: then whoever exports must name them.
            if (source is null || !File.Exists(source) || new FileInfo(source).Length > MaxLength) continue;
            var bytes = File.ReadAllBytes(source);
            kept[name] = Hash(bytes);
            var copy = Path.Combine(folder, name);
            if (!File.Exists(copy) || Hash(File.ReadAllBytes(copy)) != kept[name]) DurableFile.Write(copy, file => file.Write(bytes));
        }

        return kept;
    }

    /// <summary>A file that lies beside the checkpoints, checked against the manifest.</summary>
    /// <param name="manifest">The checkpoint's.</param>
    /// <param name="folder">The job's checkpoints.</param>
    /// <param name="name">One of <see cref="Vocabulary"/>, <see cref="Merges"/>.</param>
    /// <exception cref="CheckpointException">It is missing or damaged.</exception>
    public static byte[] Read(CheckpointManifest manifest, string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!manifest.Tokenizer.TryGetValue(name, out var expected))
        {
            var source = name == Vocabulary ? manifest.Data.VocabularyFile : manifest.Data.MergesFile;
            throw new CheckpointException(path, $"the tokenizer's file was not kept with the checkpoint; it was {source} on the worker's machine.");
        }

        FolderGuard.RefuseLink(new FileInfo(path));
        try
        {
            var bytes = new FileInfo(path).Length <= MaxLength ? File.ReadAllBytes(path) : throw new CheckpointException(path, $"it is longer than {MaxLength} bytes.");
            return Hash(bytes) is var actual && actual == expected ? bytes : throw new CheckpointException(path, $"it is damaged: its checksum is {actual}, the manifest says {expected}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, e.Message, e);
        }
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));
}
