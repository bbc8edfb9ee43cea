using System.CommandLine;

using Parcae.Cli.Commands;

namespace Parcae.Client.Tests.Commands;

/// <summary>The command's verbs as it has them.</summary>
internal static class VerbTree
{
    /// <summary>The command without a service.</summary>
    public static RootCommand Root { get; } = ParcaeCommand.Create(new CommandContext(TextWriter.Null, TextWriter.Null, IsTerminal: false));

    /// <summary>Every verb, those with verbs below them too: <c>jobs</c>, <c>jobs list</c>.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Below(Root, "")];

    /// <summary>Verbs that do something.</summary>
    public static IReadOnlyList<string> Leaves { get; } = [.. All.Where(v => !All.Any(o => o.StartsWith($"{v} ", StringComparison.Ordinal)))];

    private static IEnumerable<string> Below(Command command, string path)
    {
        foreach (var verb in command.Subcommands.Where(c => !c.Hidden))
        {
            string at = path.Length == 0 ? verb.Name : $"{path} {verb.Name}";
            yield return at;
            foreach (string below in Below(verb, at)) yield return below;
        }
    }
}
