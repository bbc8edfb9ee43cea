using System.Text.Json.Nodes;

namespace Parcae.Client.Tests.Documentation;

public sealed class JobReferenceTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(Golden.Read("docs/job.schema.json"))!.AsObject();

    [Fact]
    public void The_page_is_made_from_the_schema() => Golden.Same(JobReference.File, JobReference.Generate(Schema));

    [Fact]
    public void Every_field_has_a_line_with_its_type_and_its_meaning()
    {
        string[] lines = JobReference.Generate(Schema).Split('\n');
        string[] paths = [.. Schema["properties"]!.AsObject().SelectMany(p => p.Value!["properties"] is JsonObject group ? group.Select(f => $"{p.Key}.{f.Key}") : [p.Key])];
        Assert.True(paths.Length > 50);
        Assert.All(paths, path =>
        {
            string[] cells = Assert.Single(lines, l => l.StartsWith($"| `{path}` |", StringComparison.Ordinal)).Split(" | ");
            Assert.True(cells.Length == 5 && cells[1].Trim().Length > 0 && cells[4].Trim(' ', '|').Length > 3, path);
        });
    }

    [Theory]
    [InlineData("training.learningRate", "| number | `0.001` | above 0 and below 10 | Peak learning rate. |")]
    [InlineData("training.vaultCopies", "| whole number | `2` | from 1 to 2 |")]
    [InlineData("training.steps", "| whole number or null | `null` | at least 1 |")]
    [InlineData("model.family", "| text | `gpt` | `gpt`, `bert`, `resnet`, `vgg`, `plugin` |")]
    [InlineData("model.dropout", "| number | `0` | from 0 to below 1 |")]
    public void A_line_says_what_the_schema_says(string path, string line) => Assert.Contains($"| `{path}` {line}", JobReference.Generate(Schema), StringComparison.Ordinal);
}
