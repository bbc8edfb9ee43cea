using System.CommandLine;

using Parcae.Cli.Commands;

namespace Parcae.Cli.Jobs.Checkpoints;

/// <summary><c>parcae jobs export</c>: a checkpoint's model for others to use.</summary>
internal static class ExportCommand
{
    private static readonly string[] Formats = ["huggingface", "safetensors"];

    public static Command Create(CommandContext context)
    {
        var checkpoint = new CheckpointArguments();
        var format = new Option<string>("--format")
        {
            Description = "huggingface: a GPT-2 for transformers; safetensors: the parameters of any model.",
            HelpName = string.Join('|', Formats),
            DefaultValueFactory = _ => Formats[0],
        };
        var folder = new Option<string>("--out") { Description = "The folder to write; must not exist, or be empty.", HelpName = "FOLDER", Required = true };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Folder with vocab.json and merges.txt, where they were not kept with the checkpoints.", HelpName = "FOLDER" };
        var command = checkpoint.AddTo(new Verb(
            "export", "Writes a job's model for others to use.",
            "Reads a checkpoint, not the running service: the vault's folder of checkpoints must be at hand. All that is exported is checked before it appears; "
            + "where the newest checkpoint is damaged, the one before it is taken, and that is said.\n"
            + "huggingface writes config.json, model.safetensors and the tokenizer's files with the names and shapes of GPT2LMHeadModel. "
            + "safetensors writes the parameters by their own names and a manifest.",
            "parcae jobs export 3f2a --checkpoints run/checkpoints --out model",
            "parcae jobs export 3f2a --step 200 --format safetensors --out step-200"));
        foreach (var option in (Option[])[folder, format, tokenizer]) command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string kind = parsed.GetValue(format)!;
            if (!Formats.Contains(kind)) throw new UsageException($"--format: '{kind}' is not valid; it must be one of {string.Join(", ", Formats)}.");
            string? files = parsed.GetValue(tokenizer);
            return checkpoint.RunAsync(
                "export", parsed, [("--format", kind), ("--out", Path.GetFullPath(parsed.GetValue(folder)!)), ("--tokenizer", files is null ? null : Path.GetFullPath(files))], context, cancellation);
        });
        return command;
    }
}
