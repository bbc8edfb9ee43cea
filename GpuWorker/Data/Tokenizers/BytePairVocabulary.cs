using System.IO.Hashing;
using System.Text;
using System.Text.Json;

namespace Parcae.GpuWorker.Data;

/// <summary>A byte-level vocabulary in GPT-2's two files, read and checked.</summary>
/// <param name="Ids">The id of each token, as the file writes it (see <see cref="ByteAlphabet"/>).</param>
/// <param name="Merges">Pairs of tokens, the most urgent one first, with a space between.</param>
/// <param name="Hash">Of both files' content.</param>
internal sealed record BytePairVocabulary(IReadOnlyDictionary<string, int> Ids, IReadOnlyList<string> Merges, string Hash)
{
    // Two of the largest vocabularies in use have 250,000 tokens; their files a few megabytes.
    private const long LargestFile = 64 << 20;
    private const int LargestId = (1 << 24) - 1;
    private const string VocabularySetting = "data.vocabularyFile", MergesSetting = "data.mergesFile";

    /// <summary>Reads <c>vocab.json</c> and <c>merges.txt</c>.</summary>
    /// <exception cref="InvalidDataException">They are missing, not what they should be, or do not belong together.</exception>
    public static BytePairVocabulary Read(string? vocabularyFile, string? mergesFile)
    {
        if (vocabularyFile is null) throw new InvalidDataException($"{VocabularySetting}: the tokenizer bpe needs a vocabulary, a vocab.json as GPT-2's.");
        if (mergesFile is null) throw new InvalidDataException($"{MergesSetting}: the tokenizer bpe needs merges, a merges.txt as GPT-2's.");
        var (json, text) = (DataFiles.ReadAll(vocabularyFile, LargestFile, VocabularySetting), DataFiles.ReadAll(mergesFile, LargestFile, MergesSetting));
        var ids = ReadIds(json, $"{VocabularySetting}: {vocabularyFile}");
        var merges = ReadMerges(text, ids, $"{MergesSetting}: {mergesFile}", vocabularyFile);
        var hash = new XxHash128();
        hash.Append(BitConverter.GetBytes(json.LongLength));
        hash.Append(json);
        hash.Append(text);
        return new BytePairVocabulary(ids, merges, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    private static Dictionary<string, int> ReadIds(byte[] json, string where)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new Dictionary<int, string>();
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{where} is a JSON {document.RootElement.ValueKind}, not an object of tokens and their ids.");
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                var token = entry.Name;
                if (entry.Value.ValueKind != JsonValueKind.Number || !entry.Value.TryGetInt32(out int id) || id is < 0 or > LargestId)
                    throw new InvalidDataException($"{where}: the id of token '{token}' is {Shown(entry.Value.GetRawText())}; it must be a whole number from 0 to {LargestId}.");
                if (token.Length == 0) throw new InvalidDataException($"{where}: the token with id {id} is empty.");
                if (!ids.TryAdd(token, id)) throw new InvalidDataException($"{where} has the token '{token}' twice, with ids {ids[token]} and {id}.");
                if (!tokens.TryAdd(id, token)) throw new InvalidDataException($"{where} has the id {id} twice, for tokens '{tokens[id]}' and '{token}'.");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name with an escaped half of a surrogate pair.
            throw new InvalidDataException($"{where} is not JSON: {e.Message}", e);
        }

        for (int b = 0; b < 256; b++)
        {
            var token = ByteAlphabet.Of((byte)b).ToString();
            if (!ids.ContainsKey(token))
                throw new InvalidDataException($"{where} has no token '{token}' for the byte 0x{b:x2}; a byte-level vocabulary as GPT-2's has one for each of the 256.");
        }

        return ids;
    }

    private static List<string> ReadMerges(byte[] text, Dictionary<string, int> ids, string where, string vocabularyFile)
    {
        var merges = new List<string>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        int number = 0;
        foreach (var line in Strict(text, where).Split('\n').Select(l => l.TrimEnd('\r')))
        {
            number++;
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal))) continue;
            if (line.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
                throw new InvalidDataException($"{where}, line {number}: '{Shown(line)}' is not a pair of tokens with one space between.");
            foreach (var token in new[] { left, right, left + right })
            {
                if (!ids.ContainsKey(token)) throw new InvalidDataException($"{where}, line {number}: '{Shown(line)}' needs the token '{Shown(token)}', which {vocabularyFile} does not have.");
            }

            if (!lines.TryAdd(line, number)) throw new InvalidDataException($"{where}: '{Shown(line)}' stands on line {lines[line]} and again on line {number}.");
            merges.Add(line);
        }

        return merges;
    }

    private static string Strict(byte[] text, string where)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            throw new InvalidDataException($"{where} is not UTF-8 text: {e.Message}", e);
        }
    }

    private static string Shown(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
