using System.Text.RegularExpressions;

namespace Parcae.Client.Tests.Documentation;

/// <summary>The <c>parcae</c> commands that Markdown files show.</summary>
internal static partial class DocumentedCommands
{
    /// <summary>Verbs that need nothing but, some of them, a service, which may be made up; the others start processes, work for long or write files where they are.</summary>
    private static readonly string[] Cheap = ["jobs list", "jobs show", "jobs watch", "jobs pause", "jobs resume", "jobs cancel", "jobs events", "instances list", "instances drain", "plan", "trace inspect", "completion"];

    /// <summary>Commands in fenced blocks; lines that end in a backslash go on.</summary>
    public static IEnumerable<(string File, string Line)> All =>
        from block in MarkdownFiles.Blocks
        from line in block.Text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let shown = Command().Match(line.Trim())
        where shown.Success
        select (block.File, $"parcae {shown.Groups["line"].Value.Trim()}".Trim());

    /// <summary>Whether a command needs nothing but a service that may be made up.</summary>
    public static bool IsCheap(string line) =>
        Array.Exists(Cheap, v => line.StartsWith($"parcae {v} ", StringComparison.Ordinal) || line == $"parcae {v}") && Words(line).All(w => !w.EndsWith(".json", StringComparison.Ordinal));

    /// <summary>The words of a line, as a shell tells them apart, without what comes after the command.</summary>
    public static string[] Words(string line)
    {
        var words = new List<string>();
        foreach (Match match in Word().Matches(line))
        {
            string word = match.Value;
            if (word is "|" or ">" or ">>" or "&&" or "&" or ";" || word[0] == '#') break;
            words.Add(word[0] is '\'' or '"' ? word[1..^1] : word);
        }

        return [.. words];
    }

    /// <summary>At the beginning, after a prompt, a pipe or another command, or run from the sources.</summary>
    [GeneratedRegex(@"(^(\$ )?parcae|(\||&&) ?parcae|Client/Parcae\.Cli --)( (?<line>.*))?$")]
    private static partial Regex Command();

    [GeneratedRegex("""'[^']*'|"[^"]*"|\S+""")]
    private static partial Regex Word();
}
