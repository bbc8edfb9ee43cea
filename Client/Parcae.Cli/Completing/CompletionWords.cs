using System.CommandLine;

using Parcae.Cli.Traces;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Completing;

/// <summary>What a shell offers as the value of an option: the names that this version knows. Files may stand there too.</summary>
internal static class CompletionWords
{
    // A colon would part a segment's whole name into two words for bash; its own name alone will do.
    private static readonly string[] Traces = [.. BuiltInTraces.Names.Select(name => name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..])];

    /// <summary>Has a command and those below it offer them.</summary>
    public static void Offer(Command command)
    {
        foreach (var option in command.Options)
        {
            string[] words = Of(option.Name, option.HelpName ?? "");
            if (words.Length > 0) option.CompletionSources.Add(words);
        }

        foreach (var argument in command.Arguments.Where(a => a.HelpName == TraceSource.HelpName)) argument.CompletionSources.Add(Traces);
        foreach (var below in command.Subcommands) Offer(below);
    }

    private static string[] Of(string option, string helpName) => option switch
    {
        "--trace" => Traces,
        "--profile" => [.. BuiltInProfiles.Names],
        "--policy" => [.. PolicyNames.All],
        "--forecast" => [.. Forecasters.Names],
        // A choice, as huggingface|safetensors.
        _ when helpName.Contains('|', StringComparison.Ordinal) && helpName.All(c => char.IsAsciiLetterLower(c) || c is '|' or '-') => helpName.Split('|'),
        _ => [],
    };
}
