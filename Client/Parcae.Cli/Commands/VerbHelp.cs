using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Parcae.Cli.Commands;

/// <summary>The parser's own help, and after it what a <see cref="Verb"/> has to say.</summary>
internal sealed class VerbHelp(HelpAction inner, int width) : SynchronousCommandLineAction
{
    private const int Most = 100, Elsewhere = 80;

    /// <summary>Puts it in the place of the parser's.</summary>
    public static void Use(RootCommand root, CommandContext context)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        // Those of another system, which would be offered by the completion.
        foreach (string alias in (string[])["/h", "/?"]) option.Aliases.Remove(alias);
        int width = context.IsTerminal ? Math.Min(Most, context.CreateConsole().Profile.Width) : Elsewhere;
        option.Action = new VerbHelp((HelpAction)option.Action!, width);
    }

    // Who asks for help has not typed everything yet.
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        inner.MaxWidth = width;
        int code = inner.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not Verb verb) return code;
        var output = parseResult.InvocationConfiguration.Output;
        foreach (string paragraph in verb.Details.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (string line in Wrap(paragraph, width - 1)) output.WriteLine(line);
            output.WriteLine();
        }

        if (verb.Examples.Count == 0) return code;
        output.WriteLine("Examples:");
        foreach (string example in verb.Examples) output.WriteLine($"  {example.ReplaceLineEndings($"{Environment.NewLine}  ")}");
        output.WriteLine();
        return code;
    }

    /// <summary>A paragraph in lines of a width; a longer word has a line of its own.</summary>
    internal static IEnumerable<string> Wrap(string paragraph, int width)
    {
        string line = "";
        foreach (string word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        if (line.Length > 0) yield return line;
    }
}
