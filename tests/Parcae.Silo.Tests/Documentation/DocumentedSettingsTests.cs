using System.Text.RegularExpressions;
using Parcae.Client.Tests.Documentation;
using Parcae.Silo.Hosting;
using Xunit;

namespace Parcae.Silo.Tests.Documentation;

/// <summary>Command lines of the silo's program that Markdown files show are ones that it takes.</summary>
public sealed partial class DocumentedSettingsTests
{
    public static TheoryData<string, string> Shown =>
    [
        .. (from block in MarkdownFiles.Blocks
            where block.Language == "sh"
            from line in block.Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            let match = Command().Match(line)
            where match.Success
            select (block.File, match.Groups["arguments"].Value.Trim())).Distinct(),
    ];

    [Theory]
    [MemberData(nameof(Shown))]
    public void The_program_takes_it(string file, string arguments)
    {
        string[] words = [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeWhile(w => w[0] != '#')];
        var refused = Record.Exception(() => SettingNames.Read(words is ["store", ..] ? words[1..] : words));
        Assert.True(refused is null, $"{file}: {arguments}: {refused?.Message}");
    }

    [GeneratedRegex(@"^\s*(silo|.*Parcae\.Silo(\.dll)?) (?<arguments>(store|--role) .*)$")]
    private static partial Regex Command();
}
