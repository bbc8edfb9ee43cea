namespace Parcae.Client.Tests.Commands;

/// <summary>The help of every verb is kept in a file: whoever changes it sees how it reads.</summary>
public sealed class HelpGoldenTests
{
    private const string Folder = "tests/Parcae.Client.Tests/Commands/Help";

    public static TheoryData<string> Verbs => ["", .. VerbTree.All];

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Help_is_as_it_is_kept(string verb)
    {
        var (code, output, error) = await CommandRun.RunAsync($"{verb} --help");
        Assert.Equal((0, ""), (code, error));
        Golden.Same($"{Folder}/{(verb.Length == 0 ? "parcae" : verb.Replace(' ', '-'))}.txt", string.Join('\n', output.Replace(typeof(HelpGoldenTests).Assembly.GetName().Name!, "parcae", StringComparison.Ordinal).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(l => l.TrimEnd())) + "\n");
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public async Task Every_verb_that_does_something_takes_json_and_fits_80_columns(string verb)
    {
        var (_, output, _) = await CommandRun.RunAsync($"{verb} --help");
        Assert.Equal(VerbTree.Leaves.Contains(verb), output.Contains("--json", StringComparison.Ordinal));
        Assert.All(output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
    }

    [Fact]
    public void Files_of_verbs_that_there_are_no_more_are_gone()
    {
        string[] known = [.. Verbs.Select(v => v.Data.Length == 0 ? "parcae" : v.Data.Replace(' ', '-'))];
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(Golden.Root, Folder)).Select(f => Path.GetFileNameWithoutExtension(f)).Except(known));
    }
}
