using System.Globalization;
using System.Text.Json.Nodes;

using NJsonSchema;

using Parcae.Grains;

namespace Parcae.Client.Tests.Jobs.Documents;

/// <summary>The published schema, the reader and the rules agree, as far as a schema can say it.</summary>
public sealed class JobSchemaTests
{
    private static readonly JsonSchema Schema = JsonSchema.FromJsonAsync(Golden.Read("docs/job.schema.json")).GetAwaiter().GetResult();

    public static TheoryData<string> Limited => [.. SchemaLimits.Numbers.Keys];

    public static TheoryData<string> Chosen => [.. SchemaLimits.Choices.Keys];

    [Fact]
    public void The_published_schema_is_that_of_the_types()
    {
        Golden.Same("docs/job.schema.json", SchemaGenerator.Generate());
        Assert.Equal(Golden.Read("docs/job.schema.json"), JobSpecDocument.Schema.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_is_as_the_schema_asks(bool complete)
    {
        foreach (string preset in ModelPresets.Names)
        {
            var spec = new JobSpec { Model = ModelPresets.Get(preset), Data = new DataSpec { Kind = "synthetic" } };
            Assert.Empty(Schema.Validate(JobSpecDocument.Write(spec, JobSpecFormat.Json, complete)));
            JobSpecDocumentTests.Same(spec, JobSpecDocument.Parse(JobSpecDocument.Write(spec, JobSpecFormat.Yaml, complete)));
        }
    }

    [Theory]
    [MemberData(nameof(Limited))]
    public void Limits_of_the_schema_are_those_of_the_rules(string path)
    {
        var limit = SchemaLimits.Numbers[path];
        double least = limit.Least!.Value, most = limit.Most ?? double.NaN;
        Try(path, limit.AboveLeast ? least : least - (path == "sharing.weight" ? 0.001 : 1), good: false);
        Try(path, limit.AboveLeast ? 1e-9 : least, good: true);
        if (double.IsNaN(most)) return;
        Try(path, limit.BelowMost ? most : most + 1, good: false);
        Try(path, limit.BelowMost ? most - 1e-9 : most, good: true);
    }

    [Theory]
    [MemberData(nameof(Chosen))]
    public void Choices_of_the_schema_are_those_of_the_rules(string path)
    {
        Assert.Contains($"one of {string.Join(", ", SchemaLimits.Choices[path])}", Assert.Single(Problems(path, "quux"), p => p.Contains("one of", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.NotEmpty(Schema.Validate(Document(path, JsonValue.Create("quux"))));
        foreach (string choice in SchemaLimits.Choices[path])
        {
            Assert.DoesNotContain(Problems(path, choice), p => p.Contains("one of", StringComparison.Ordinal));
            Assert.Empty(Schema.Validate(Document(path, JsonValue.Create(choice))));
        }
    }

    [Theory]
    [InlineData("""{"training": {"globalBach": 3}}""")]
    [InlineData("""{"model": {"blocks": "6"}}""")]
    [InlineData("""{"model": {"preset": "gpt5"}}""")]
    [InlineData("""{"training": {"vault": null}}""")]
    [InlineData("""{"data": {"paths": [3]}}""")]
    [InlineData("""{"name": ""}""")]
    public void What_the_reader_refuses_the_schema_refuses_too(string text)
    {
        Assert.NotEmpty(Schema.Validate(text));
        Assert.NotEmpty(JobSpecDocument.Read(text).Problems);
    }

    [Fact]
    public void A_document_may_name_its_schema()
    {
        const string Text = """{"$schema": "job.schema.json", "name": "a", "training": {"steps": null}}""";
        Assert.Empty(Schema.Validate(Text));
        Assert.Equal("a", JobSpecDocument.Parse(Text).Name);
        Assert.NotEmpty(JobSpecDocument.Read("""{"model": {"$schema": "x"}}""").Problems);
    }

    private static void Try(string path, double value, bool good)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        Assert.Equal(good, Schema.Validate(Document(path, JsonNode.Parse(text))).Count == 0);
        // Other rules may have something to say of a value that this one takes, such as that the heads divide the width.
        Assert.True(good || Problems(path, text).Length > 0, $"{path}: {text} was taken");
        if (good && path is not ("model.blocks" or "model.hidden" or "model.vocabulary" or "model.classes" or "training.microBatches" or "training.globalBatch" or "training.evaluateEvery")) Assert.Empty(Problems(path, text));
    }

    private static string[] Problems(string path, string value) =>
        [.. JobSpecDocument.Read("data: { kind: synthetic }", null, [new(path, value)]).Problems.Where(p => p.Path == path).Select(p => p.Message)];

    private static string Document(string path, JsonNode? value)
    {
        string[] names = path.Split('.');
        return new JsonObject { [names[0]] = new JsonObject { [names[1]] = value } }.ToJsonString();
    }
}
