using System.CommandLine;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Completing;

/// <summary><c>parcae completion</c>: a script that has a shell complete the command's words. What may come next the command itself says, by its parser's <c>[suggest]</c> directive.</summary>
internal static class CompletionCommand
{
    /// <summary>The verb with one below it for each shell.</summary>
    public static Command Create(CommandContext context) => new Verb(
        "completion", "Prints a script that completes words in a shell.",
        "Every press of the tab key asks the command itself, so that what is offered is what this version knows.",
        "parcae completion bash > ~/.local/share/bash-completion/completions/parcae")
    {
        Shell(context, "bash", "For bash.", "parcae completion bash > ~/.local/share/bash-completion/completions/parcae"),
        Shell(context, "zsh", "For zsh; the folder of the file must be in fpath.", "parcae completion zsh > ~/.zfunc/_parcae"),
        Shell(context, "fish", "For fish.", "parcae completion fish > ~/.config/fish/completions/parcae.fish"),
        Shell(context, "pwsh", "For PowerShell.", "parcae completion pwsh >> $PROFILE"),
    };

    private static Verb Shell(CommandContext context, string shell, string description, string example)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Verb(shell, description, "", example) { json };
        command.SetAction(async (parsed, cancellation) =>
        {
            string script = CompletionScripts.Of(shell);
            if (parsed.GetValue(json)) JsonOutput.Write(context.Output, new { shell, script });
            else await context.Output.WriteAsync(script.AsMemory(), cancellation).ConfigureAwait(false);
            return ParcaeCommand.Ok;
        });
        return command;
    }
}
