using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parcae.Grains;

namespace Parcae.GpuWorker.Checkpoints;

/// <summary>What a checkpoint is of: JSON in the file's metadata, under <c>manifest</c>. Nothing in it depends on how the model was cut or dealt.</summary>
public sealed record CheckpointManifest
{
    /// <summary>Format of the tensors' names and of this manifest.</summary>
    public const int CurrentFormat = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        IgnoreReadOnlyProperties = true,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // a file, not a page
    };

    /// <summary>See <see cref="CurrentFormat"/>.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Steps applied.</summary>
    public required int Step { get; init; }

    /// <summary>The model.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The training: seed and optimizer among the rest.</summary>
    public required TrainingSpec Training { get; init; }

    /// <summary>The data and its tokenizer.</summary>
    public required DataSpec Data { get; init; }

    /// <summary>XxHash128 of every tensor's bytes, by name.</summary>
    public required IReadOnlyDictionary<string, string> Tensors { get; init; }

    /// <summary>XxHash128 of the tokenizer's files that lie beside the checkpoints, by their names; empty where the tokenizer has none.</summary>
    public IReadOnlyDictionary<string, string> Tokenizer { get; init; } = new Dictionary<string, string>();

    /// <summary>As JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>From JSON.</summary>
    /// <exception cref="FormatException">It is no manifest, or of a format that is not known.</exception>
    public static CheckpointManifest Parse(string json)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<CheckpointManifest>(json, Json) ?? throw new JsonException("it is null.");
            if (manifest.FormatVersion != CurrentFormat) throw new FormatException($"its format is {manifest.FormatVersion}; only {CurrentFormat} is known.");
            if (manifest.Step < 0) throw new FormatException($"its step is {manifest.Step}, which is below 0.");
            return manifest;
        }
        catch (JsonException e)
        {
            throw new FormatException($"its manifest cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The job spec that this is of, as far as it is known here: without name, limits and fleet.</summary>
    public JobSpec ToJob() => new() { Model = Model, Data = Data, Training = Training };

    /// <summary>Says in which way this is not a checkpoint of a step of a job; null when it is one.</summary>
    /// <param name="version">The step.</param>
    /// <param name="model">The job's model.</param>
    /// <param name="training">The job's training. Only the seed and the optimizer must be the same.</param>
    internal string? Difference(int version, ModelSpec model, TrainingSpec training)
    {
        if (Step != version) return $"its step is {Step}; expected was {version}.";
        if (Training.Seed != training.Seed) return $"its seed is {Training.Seed}; expected was {training.Seed}.";
        if (Training.Optimizer != training.Optimizer) return $"its optimizer is {Training.Optimizer}; expected was {training.Optimizer}.";
        if (Training.OptimizerSlots != training.OptimizerSlots) return $"its momentum is {Training.Momentum}; expected was {training.Momentum}.";
        string actual = Text(Model), expected = Text(model);
        return actual == expected ? null : $"its model is {actual}; expected was {expected}.";
    }

    // Where files lie on some machine does not make another model.
    private static string Text(ModelSpec model) => JsonSerializer.Serialize(model with { InitialWeights = null, Assembly = null }, Json);
}
