using System.Text.RegularExpressions;

using Parcae.Client.Tests.Documentation;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Commands;

/// <summary>Every <c>parcae</c> command that a Markdown file shows is one that the command knows; those that need nothing are run here, the others by the end-to-end tests.</summary>
public sealed partial class DocumentedCommandsTests
{
    /// <summary>Ids that the texts give to the one job of the made-up service.</summary>
    private static readonly string[] Jobs = ["3f2a", "first"];

    public static TheoryData<string, string> Named => [.. Sentences().Distinct()];

    public static TheoryData<string, string> Shown => [.. DocumentedCommands.All.Select(c => (c.File, c.Line)).Distinct()];

    [Theory]
    [MemberData(nameof(Shown))]
    public void The_command_is_known_with_all_its_options(string file, string line)
    {
        var parsed = VerbTree.Root.Parse(DocumentedCommands.Words(line)[1..]);
        Assert.True(parsed.Errors.Count == 0, $"{file}: {line}: {string.Join("; ", parsed.Errors.Select(e => e.Message))}");
    }

    /// <summary>In the middle of a sentence a command may be named without all that it needs; what is there must be right.</summary>
    [Theory]
    [MemberData(nameof(Named))]
    public void A_command_in_a_sentence_has_no_word_that_is_not_known(string file, string line)
    {
        var parsed = VerbTree.Root.Parse(DocumentedCommands.Words(line)[1..]);
        Assert.True(parsed.UnmatchedTokens.Count == 0, $"{file}: {line}: {string.Join(", ", parsed.UnmatchedTokens)}");
    }

    [Fact]
    public async Task Those_that_need_nothing_run()
    {
        var cheap = DocumentedCommands.All.Where(c => DocumentedCommands.IsCheap(c.Line)).DistinctBy(c => c.Line).ToArray();
        Assert.True(cheap.Length >= 8, "README and docs show hardly any command");
        foreach (var (file, line) in cheap)
        {
            string[] words = [.. DocumentedCommands.Words(line)[1..].Select(w => Jobs.Contains(w) ? FakeJobs.JobId : w)];
            var (code, _, error) = await CommandRun.RunAsync(words, false, context => context with { Connect = (_, _) => Task.FromResult<IParcaeClient>(new FakeJobs()) });
            Assert.True(code == 0, $"{file}: {line}: {error}");
        }
    }

    [Fact]
    public void Mistakes_in_a_job_document_are_told_as_the_docs_say()
    {
        var wrong = JobSpecDocument.Read("name: first\nmodel:\n  blocks: \"6\"\ntraining:\n  steps: 3\n  globalBach: 64\n\n  optimizer: adam\n");
        string page = Golden.Read("docs/cli.md");
        Assert.Equal(3, wrong.Problems.Count);
        Assert.All(wrong.Problems, p => Assert.Contains($"parcae: job.yaml: {p}\n", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Words_are_told_apart_as_a_shell_does()
    {
        Assert.Equal(["parcae", "a b", "c d", "e"], DocumentedCommands.Words("parcae 'a b' \"c d\" e > file # why"));
        Assert.Equal(["parcae", "x"], DocumentedCommands.Words("parcae x | jq ."));
    }

    /// <summary>Commands between backticks, ID and FILE and the like standing for words.</summary>
    private static IEnumerable<(string File, string Line)> Sentences() =>
        from file in MarkdownFiles.All.Keys
        from Match match in Quoted().Matches(Golden.Read(file))
        select (file, match.Groups["line"].Value.Replace('\n', ' '));

    [GeneratedRegex("(?<!`)`(?<line>parcae [^`|]+)`(?!`)")]
    private static partial Regex Quoted();
}
