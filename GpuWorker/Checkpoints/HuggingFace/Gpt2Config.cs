using System.Text.Json;
using System.Text.Json.Nodes;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary><c>config.json</c> of a GPT-2, with the keys of <c>transformers</c>' <c>GPT2Config</c>.</summary>
internal static class Gpt2Config
{
    /// <summary>Its name.</summary>
    public const string FileName = "config.json";

    private const long MaxLength = 1 << 20;

    /// <summary>The configuration of a model.</summary>
    /// <param name="model">A gpt.</param>
    /// <param name="endOfText">The token that ends a text, or null: left out it would be GPT-2's 50256.</param>
    public static JsonObject ToJson(ModelSpec model, int? endOfText) => new()
    {
        ["model_type"] = "gpt2",
        ["architectures"] = new JsonArray("GPT2LMHeadModel"),
        ["vocab_size"] = model.Vocabulary,
        ["n_positions"] = model.SequenceLength,
        ["n_ctx"] = model.SequenceLength,
        ["n_embd"] = model.Hidden,
        ["n_layer"] = model.Blocks,
        ["n_head"] = model.Heads,
        ["n_inner"] = null,
        ["activation_function"] = "gelu_new",
        ["layer_norm_epsilon"] = 1e-5,
        ["initializer_range"] = 0.02,
        ["embd_pdrop"] = model.Dropout,
        ["resid_pdrop"] = model.Dropout,
        ["attn_pdrop"] = 0.0, // attention probabilities are never dropped here
        ["scale_attn_weights"] = true,
        ["scale_attn_by_inverse_layer_idx"] = false,
        ["reorder_and_upcast_attn"] = false,
        ["add_cross_attention"] = false,
        ["tie_word_embeddings"] = model.TiedEmbeddings,
        ["bos_token_id"] = endOfText,
        ["eos_token_id"] = endOfText,
        ["use_cache"] = true,
        ["torch_dtype"] = "float32",
    };

    /// <summary>The model that a configuration describes. Keys that are not there have the defaults of <c>GPT2Config</c>.</summary>
    /// <exception cref="CheckpointException">It is missing, no configuration, or of a model that computes something else than ours.</exception>
    public static ModelSpec Read(string folder)
    {
        var path = FolderGuard.File(folder, FileName);
        try
        {
            if (new FileInfo(path).Length > MaxLength) throw new FormatException($"it is longer than {MaxLength} bytes.");
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var c = document.RootElement;
            Require(c, "model_type", "gpt2");
            // gelu_pytorch_tanh is the same function by another name.
            if (Text(c, "activation_function", "gelu_new") is not "gelu_pytorch_tanh") Require(c, "activation_function", "gelu_new", "gelu_new");
            Require(c, "layer_norm_epsilon", 1e-5, 1e-5);
            Require(c, "scale_attn_weights", true, true);
            Require(c, "scale_attn_by_inverse_layer_idx", false, false);
            Require(c, "add_cross_attention", false, false);
            var spec = new ModelSpec
            {
                Family = "gpt",
                Blocks = Number(c, "n_layer", 12),
                Hidden = Number(c, "n_embd", 768),
                Heads = Number(c, "n_head", 12),
                SequenceLength = Number(c, "n_positions", 1024),
                Vocabulary = Number(c, "vocab_size", 50257),
                Dropout = c.TryGetProperty("resid_pdrop", out var dropout) ? dropout.GetDouble() : 0.1,
                TiedEmbeddings = !c.TryGetProperty("tie_word_embeddings", out var tied) || tied.GetBoolean(),
                InitialWeights = folder,
            };
            if (c.TryGetProperty("n_inner", out var inner) && inner.ValueKind != JsonValueKind.Null && inner.GetInt32() != 4 * spec.Hidden)
                throw new FormatException($"its n_inner is {inner.GetInt32()}; only 4 n_embd ({4 * spec.Hidden}) is known.");
            var problems = JobSpecValidation.Problems(new JobSpec { Model = spec, Data = new DataSpec { Kind = "synthetic" } });
            return problems.Count == 0 ? spec : throw new FormatException($"its model is not a valid one. {string.Join(' ', problems)}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, e.Message, e);
        }
    }

    /// <summary>Says in which way a folder's model does not fit a job's, with both values; null when it does. Dropout may differ.</summary>
    public static string? Difference(ModelSpec folder, ModelSpec job)
    {
        (string Name, object Folder, object Job)[] sizes =
        [
            ("blocks", folder.Blocks, job.Blocks), ("hidden", folder.Hidden, job.Hidden), ("heads", folder.Heads, job.Heads),
            ("sequenceLength", folder.SequenceLength, job.SequenceLength), ("vocabulary", folder.Vocabulary, job.Vocabulary),
            ("tiedEmbeddings", folder.TiedEmbeddings, job.TiedEmbeddings),
        ];
        var different = sizes.Where(s => !s.Folder.Equals(s.Job)).Select(s => $"its {s.Name} is {s.Folder}, the job's model.{s.Name} {s.Job}").ToArray();
        return different.Length == 0 ? null : $"{string.Join("; ", different)}.";
    }

    private static string? Text(JsonElement config, string key, string? @default) => config.TryGetProperty(key, out var value) ? value.GetString() : @default;

    private static int Number(JsonElement config, string key, int @default)
    {
        if (!config.TryGetProperty(key, out var value)) return @default;
        return value.TryGetInt32(out int number) ? number : throw new FormatException($"its {key} is {value.GetRawText()}, which is not a whole number of 32 bits.");
    }

    // What it is not may be something that we would compute wrongly.
    private static void Require<T>(JsonElement config, string key, T right, T? @default = default)
    {
        var actual = config.TryGetProperty(key, out var value) ? value.Deserialize<T>() : @default;
        if (!EqualityComparer<T>.Default.Equals(actual, right))
            throw new FormatException($"its {key} is {(actual is null ? "not given" : JsonSerializer.Serialize(actual))}; only {JsonSerializer.Serialize(right)} is known.");
    }
}
