using System.CommandLine;
using System.Globalization;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Jobs.Checkpoints;

/// <summary><c>parcae jobs generate</c>: a checkpoint's model continues a text.</summary>
internal static class GenerateCommand
{
    public static Command Create(CommandContext context)
    {
        var checkpoint = new CheckpointArguments();
        var prompt = new Option<string?>("--prompt") { Description = "The text to continue.", HelpName = "TEXT" };
        var promptTokens = new Option<string?>("--prompt-tokens") { Description = "The tokens to continue, in place of a text; tokens are printed.", HelpName = "N,N,..." };
        var tokens = Values.Int("--tokens", "Tokens to generate.", 200, 0, 1_000_000);
        var temperature = Values.Double("--temperature", "Divides the logits; 0: always the likeliest token.", 0.8, 0, 100);
        var topK = Values.Int("--top-k", "Draw from the K likeliest tokens only; 0: from all.", 0, 0, int.MaxValue);
        var seed = Values.Int("--seed", "Fixes every draw.", 1, 0, int.MaxValue);
        var command = checkpoint.AddTo(new Verb(
            "generate", "Continues a text with a job's model.",
            "Reads a checkpoint, not the running service, as 'parcae jobs export' does. The same checkpoint, prompt and options give the same text on the same kind of machine.",
            "parcae jobs generate 3f2a --checkpoints run/checkpoints \\\n    --prompt 'Returns the' --tokens 80 --top-k 20"));
        foreach (var option in (Option[])[prompt, promptTokens, tokens, temperature, topK, seed]) command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            var (text, numbers) = (parsed.GetValue(prompt), parsed.GetValue(promptTokens));
            if (string.IsNullOrEmpty(text) == string.IsNullOrEmpty(numbers)) throw new UsageException("--prompt: one of --prompt and --prompt-tokens must be given.");
            return checkpoint.RunAsync(
                "generate", parsed,
                [
                    ("--prompt", text), ("--prompt-tokens", numbers), ("--tokens", $"{parsed.GetValue(tokens)}"),
                    ("--temperature", parsed.GetValue(temperature).ToString("R", CultureInfo.InvariantCulture)), ("--top-k", $"{parsed.GetValue(topK)}"), ("--seed", $"{parsed.GetValue(seed)}"),
                ],
                context, cancellation);
        });
        return command;
    }
}
