using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

using Parcae.Grains;

using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Parcae.Client.Tests.Documentation;

/// <summary>Fenced blocks are what they say that they are. Commands of <c>parcae</c> in them are tried by <see cref="Commands.DocumentedCommandsTests"/>, C# by tests of the silo, which has all assemblies.</summary>
public sealed partial class BlockTests
{
    /// <summary>A document with one of these on top is a job's.</summary>
    private static readonly string[] JobSections = ["model", "data", "training", "planning", "sharing"];

    public static TheoryData<string> Files => [.. MarkdownFiles.All.Values.Where(f => f.Blocks.Count > 0 || f.OpenFence is not null).Select(f => f.Path)];

    public static TheoryData<string, int> Yaml => Of("yaml", "yml");

    public static TheoryData<string, int> Json => Of("json");

    public static TheoryData<string, int> Shell => Of("sh", "bash");

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_block_names_its_language_and_is_closed(string file)
    {
        var markdown = MarkdownFiles.All[file];
        Assert.True(markdown.OpenFence is null, $"{file}, line {markdown.OpenFence}: the block is not closed.");
        Assert.All(markdown.Blocks, b => Assert.True(Language().IsMatch(b.Language), $"{b}: '{b.Info}' names no language."));
    }

    [Theory]
    [MemberData(nameof(Yaml))]
    public void Yaml_is_yaml_and_a_job_is_valid(string file, int line)
    {
        var block = At(file, line);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(block.Text));
        }
        catch (YamlException e)
        {
            Assert.Fail($"{block}: {e.Message}");
        }

        Assert.NotEmpty(stream.Documents);
        if (stream.Documents is [{ RootNode: YamlMappingNode map }] && map.Children.Keys.OfType<YamlScalarNode>().Any(k => JobSections.Contains(k.Value))) AssertJob(block);
    }

    [Theory]
    [MemberData(nameof(Json))]
    public void Json_is_json_and_a_job_is_valid(string file, int line)
    {
        var block = At(file, line);
        JsonElement root;
        try
        {
            root = JsonDocument.Parse(block.Text).RootElement;
        }
        catch (JsonException e)
        {
            Assert.Fail($"{block}: {e.Message}");
            return;
        }

        if (root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any(p => JobSections.Contains(p.Name))) AssertJob(block);
    }

    [Fact]
    public void There_are_jobs_among_them() => Assert.True(MarkdownFiles.Blocks.Count(b => b.Language == "yaml" && b.Text.Contains("\ntraining:", StringComparison.Ordinal)) >= 3);

    [Theory]
    [MemberData(nameof(Shell))]
    public async Task Shell_is_shell(string file, int line)
    {
        var block = At(file, line);
        var start = new ProcessStartInfo("bash", ["-n"]) { RedirectStandardInput = true, RedirectStandardError = true };
        using var bash = Process.Start(start)!;
        await bash.StandardInput.WriteAsync(block.Text);
        bash.StandardInput.Close();
        string said = await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(bash.ExitCode == 0, $"{block}: {said}");
    }

    /// <summary>The rules refuse all that the published schema refuses, and more: <see cref="Jobs.Documents.JobSchemaTests"/> holds the two together.</summary>
    private static void AssertJob(FencedBlock block)
    {
        var reading = JobSpecDocument.Read(block.Text);
        Assert.True(reading.Problems.Count == 0, $"{block}: {string.Join("; ", reading.Problems)}");
    }

    private static FencedBlock At(string file, int line) => MarkdownFiles.All[file].Blocks.Single(b => b.Line == line);

    private static TheoryData<string, int> Of(params string[] languages) => [.. MarkdownFiles.Blocks.Where(b => languages.Contains(b.Language)).Select(b => (b.File, b.Line))];

    [GeneratedRegex("^[a-z]+$")]
    private static partial Regex Language();
}
