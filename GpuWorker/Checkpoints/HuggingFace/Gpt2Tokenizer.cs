using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>
/// The tokenizer's files of an export. Where tokens are bytes, a vocabulary of GPT-2's kind that says so: each of the 256 characters that stand for bytes there,
/// numbered by its byte, and no merges.
/// </summary>
internal static class Gpt2Tokenizer
{
    private const string EndOfTextToken = "<|endoftext|>";
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The files by name, and the token that ends a text, if there is one.</summary>
    /// <param name="model">Has the number of tokens.</param>
    /// <param name="given">The files of a job with a vocabulary; null: a token is a byte.</param>
    /// <exception cref="CheckpointException">A file is missing, or not a vocabulary that fits the model.</exception>
    public static (IReadOnlyDictionary<string, byte[]> Contents, int? EndOfText) Files(ModelSpec model, IReadOnlyDictionary<string, byte[]>? given)
    {
        var vocabulary = given is null ? Bytes() : Parse(File(given, TokenizerFiles.Vocabulary), model);
        int? end = vocabulary.TryGetValue(EndOfTextToken, out int token) ? token : null;
        string? text = end is null ? null : EndOfTextToken;
        var config = new JsonObject
        {
            ["tokenizer_class"] = "GPT2Tokenizer",
            ["model_max_length"] = model.SequenceLength,
            ["add_prefix_space"] = false,
            ["bos_token"] = text,
            ["eos_token"] = text,
            ["unk_token"] = text,
        };
        return (new Dictionary<string, byte[]>
        {
            [TokenizerFiles.Vocabulary] = given is null ? JsonSerializer.SerializeToUtf8Bytes(vocabulary, Plain) : given[TokenizerFiles.Vocabulary],
            [TokenizerFiles.Merges] = given is null ? Encoding.UTF8.GetBytes("#version: 0.2\n") : File(given, TokenizerFiles.Merges),
            ["tokenizer_config.json"] = Encoding.UTF8.GetBytes(config.ToJsonString(new() { WriteIndented = true }) + "\n"),
        }, end);
    }

    /// <summary>GPT-2's character for each byte: itself where it is printable, else one of those from U+0100 on, in order.</summary>
    internal static Dictionary<string, int> Bytes()
    {
        var characters = new Dictionary<string, int>(StringComparer.Ordinal);
        int others = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters.Add($"{(char)(printable ? value : 256 + others++)}", value);
        }

        return characters;
    }

    private static byte[] File(IReadOnlyDictionary<string, byte[]> given, string name) =>
        given.TryGetValue(name, out var bytes) ? bytes : throw new CheckpointException(name, "the tokenizer's file was not given.");

    private static Dictionary<string, int> Parse(byte[] json, ModelSpec model)
    {
        try
        {
            var vocabulary = JsonSerializer.Deserialize<Dictionary<string, int>>(json) ?? throw new JsonException("it is null.");
            var unfit = vocabulary.FirstOrDefault(v => v.Value < 0 || v.Value >= model.Vocabulary);
            return unfit.Key is null
                ? vocabulary
                : throw new CheckpointException(TokenizerFiles.Vocabulary, $"token '{unfit.Key}' has number {unfit.Value}; the model has {model.Vocabulary} tokens.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(TokenizerFiles.Vocabulary, $"it is no vocabulary: {e.Message}", e);
        }
    }
}
