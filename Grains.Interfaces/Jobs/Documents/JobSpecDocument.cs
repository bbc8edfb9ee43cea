using Parcae.Grains.Documents;

namespace Parcae.Grains;

/// <summary>
/// A <see cref="JobSpec"/> as a document: JSON and YAML with the same fields, named as the properties in camelCase. What is left out has its default value. Besides the spec's own fields,
/// <c>model.preset</c> names one of <see cref="ModelPresets"/> to begin from. Its schema is <see cref="Schema"/>.
/// </summary>
/// <example>
/// <code>
/// JobSpec spec = JobSpecDocument.Parse("""
///     name: first
///     model: { preset: gpt2, sequenceLength: 256 }
///     training: { steps: 1000 }
///     """);
/// </code>
/// </example>
public static class JobSpecDocument
{
    private static readonly Lazy<string> Published = new(() =>
    {
        using var stream = typeof(JobSpecDocument).Assembly.GetManifestResourceStream("job.schema.json")
            ?? throw new InvalidOperationException("The library was built without its resource job.schema.json.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    /// <summary>JSON Schema (2020-12) of a document, whatever its format.</summary>
    public static string Schema => Published.Value;

    /// <summary>Reads a document.</summary>
    /// <param name="text">The document.</param>
    /// <param name="format">Its format; null: JSON when it begins with a brace, else YAML.</param>
    /// <param name="overrides">Fields that are set afterwards, as paths with values in YAML, such as <c>training.steps</c> and <c>50</c>.</param>
    /// <exception cref="JobSpecDocumentException">The document has problems; all are named.</exception>
    public static JobSpec Parse(string text, JobSpecFormat? format = null, IReadOnlyList<KeyValuePair<string, string>>? overrides = null)
    {
        var reading = Read(text, format, overrides);
        return reading.Spec ?? throw new JobSpecDocumentException(reading.Problems);
    }

    /// <summary>Reads a document; the same as <see cref="Parse"/> for those who want the problems one by one.</summary>
    /// <param name="text">The document.</param>
    /// <param name="format">Its format; null: JSON when it begins with a brace, else YAML.</param>
    /// <param name="overrides">Fields that are set afterwards, as paths with values in YAML, such as <c>training.steps</c> and <c>50</c>.</param>
    public static JobSpecReading Read(string text, JobSpecFormat? format = null, IReadOnlyList<KeyValuePair<string, string>>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var problems = new List<DocumentProblem>();
        var root = NodesOf(text, format ?? Detect(text), problems);
        foreach (var (path, value) in overrides ?? []) Overrides.Apply(root, path, value, problems);
        if (problems.Count > 0) return new JobSpecReading { Problems = problems };
        var spec = SpecBinder.Bind(root, problems);
        return problems.Count == 0 ? new JobSpecReading { Spec = spec } : new JobSpecReading { Problems = [.. problems.OrderBy(p => p.Line ?? int.MaxValue)] };
    }

    /// <summary>A spec as a document that <see cref="Parse"/> reads back to an equal one.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="complete">Whether fields that have their default value are written too.</param>
    public static string Write(JobSpec spec, JobSpecFormat format, bool complete = false)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var root = SpecNodes.Of(spec, complete);
        return format == JobSpecFormat.Json ? JsonNodes.Write(root) : YamlNodes.Write(root);
    }

    /// <summary>JSON for a text that begins with a brace, else YAML.</summary>
    public static JobSpecFormat Detect(string text) => text.AsSpan().TrimStart().StartsWith("{") ? JobSpecFormat.Json : JobSpecFormat.Yaml;

    private static MapNode NodesOf(string text, JobSpecFormat format, List<DocumentProblem> problems)
    {
        var node = format == JobSpecFormat.Json ? JsonNodes.Read(text, problems) : YamlNodes.Read(text, problems);
        if (node is MapNode map) return map;
        if (problems.Count == 0)
        {
            string found = node is null or ScalarNode { Kind: ScalarKind.Null } ? "it is empty" : node is ListNode ? "it is a list" : "it is a single value";
            problems.Add(new DocumentProblem("", $"the document is not valid: {found}; it must have fields such as {string.Join(", ", SpecFields.Root.Fields.Select(f => f.Name))}.", node?.Line));
        }

        return new MapNode(1);
    }
}
