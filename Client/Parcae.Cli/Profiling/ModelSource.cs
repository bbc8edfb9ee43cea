using System.Text.Json;
using System.Text.Json.Serialization;
using Parcae.Cli.Commands;
using Parcae.Grains;

namespace Parcae.Cli.Profiling;

/// <summary>Finds a model by what was typed: a well-known name, a JSON file with a model's or a whole job's spec, or a job's document in YAML.</summary>
internal static class ModelSource
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    /// <summary>The job around the model, and the model's name.</summary>
    /// <exception cref="UsageException">It is neither a name nor a file that can be read.</exception>
    public static (JobSpec Spec, string Name) Load(string nameOrFile)
    {
        if (ModelPresets.Names.Contains(nameOrFile, StringComparer.OrdinalIgnoreCase))
            return (new JobSpec { Name = nameOrFile, Model = ModelPresets.Get(nameOrFile) }, nameOrFile.ToLowerInvariant());
        if (!File.Exists(nameOrFile))
            throw new UsageException($"--model: '{nameOrFile}' is neither a model's name nor a file; names are {string.Join(", ", ModelPresets.Names)}.");
        try
        {
            if (Path.GetExtension(nameOrFile) is ".yaml" or ".yml")
            {
                var document = JobSpecDocument.Parse(File.ReadAllText(nameOrFile), JobSpecFormat.Yaml);
                return (document, document.Name);
            }

            using var stream = File.OpenRead(nameOrFile);
            using var json = JsonDocument.Parse(stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            bool job = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.EnumerateObject().Any(m => m.Name.Equals("model", StringComparison.OrdinalIgnoreCase));
            var spec = job ? json.Deserialize<JobSpec>(Options)! : new JobSpec { Model = json.Deserialize<ModelSpec>(Options) ?? throw new JsonException("it is null.") };
            string name = job && spec.Name != new JobSpec().Name ? spec.Name : Path.GetFileNameWithoutExtension(nameOrFile);
            return (spec, name);
        }
        catch (Exception e) when (e is JsonException or JobSpecDocumentException)
        {
            throw new UsageException($"--model: {nameOrFile} is no spec of a model or a job: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--model: '{nameOrFile}' cannot be read: {e.Message}");
        }
    }
}
