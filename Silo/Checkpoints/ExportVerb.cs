using System.CommandLine;
using System.Text.Json;
using Parcae.GpuWorker.Checkpoints;
using Parcae.Silo.Hosting;

namespace Parcae.Silo.Checkpoints;

/// <summary><c>Parcae.Silo export</c>: a checkpoint's model for others to use.</summary>
internal static class ExportVerb
{
    private static readonly string[] Formats = ["huggingface", "safetensors"];

    public static Command Create(TextWriter output, TextWriter error)
    {
        var checkpoint = new CheckpointOptions();
        var format = new Option<string>("--format")
        {
            Description = "huggingface: a GPT-2 for transformers; safetensors: any model's parameters by their names here.",
            HelpName = string.Join('|', Formats),
            DefaultValueFactory = _ => Formats[0],
        };
        var @out = new Option<string>("--out") { Description = "The folder to write; must not exist, or be empty.", HelpName = "FOLDER", Required = true };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "Folder with vocab.json and merges.txt, where they were not kept with the checkpoints.", HelpName = "FOLDER" };
        var command = checkpoint.AddTo(new Command("export", "Writes a checkpoint's model for others to use.") { format, @out, tokenizer });
        command.SetAction(parsed =>
        {
            string kind = parsed.GetValue(format)!, folder = parsed.GetValue(@out)!;
            if (!Formats.Contains(kind)) throw new UsageException($"--format: '{kind}' is not valid; it must be one of {string.Join(", ", Formats)}.");
            var store = checkpoint.Store(parsed);
            var done = kind == Formats[0] ? HuggingFace(parsed, checkpoint, store, folder, parsed.GetValue(tokenizer), error) : Parameters(parsed, checkpoint, store, folder, error);
            Tell(parsed.GetValue(checkpoint.Json), output, new Exported(checkpoint.Job(parsed), done.Version, kind, Path.GetFullPath(folder), Files(folder), [.. done.Damaged.Select(d => d.Message)]));
            return 0;
        });
        return command;
    }

    private static CheckpointChoice<CheckpointManifest> HuggingFace(ParseResult parsed, CheckpointOptions options, CheckpointStore store, string folder, string? tokenizer, TextWriter error)
    {
        var reading = ProgressLines.Of(error, "reading");
        var choice = options.Choose(parsed, store, error, version => store.Read(version, reading), () => store.ReadNewest(reading));
        using var trained = choice.Contents;
        if (trained.Manifest.Model.Family != "gpt") throw new UsageException($"--format: huggingface holds a gpt; this is a {trained.Manifest.Model.Family}, for which it must be safetensors.");
        store.ExportHuggingFace(trained, folder, tokenizer, ProgressLines.Of(error, "writing"));
        return new(choice.Version, trained.Manifest, choice.Damaged);
    }

    private static CheckpointChoice<CheckpointManifest> Parameters(ParseResult parsed, CheckpointOptions options, CheckpointStore store, string folder, TextWriter error)
    {
        var writing = ProgressLines.Of(error, "writing");
        return options.Choose(parsed, store, error, version => store.ExportParameters(version, folder, writing), () => store.ExportNewestParameters(folder, writing));
    }

    private static ExportedFile[] Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles().OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => new ExportedFile(f.Name, f.Length))];

    private static void Tell(bool json, TextWriter output, Exported exported)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(exported, JsonSerializerOptions.Web));
            return;
        }

        output.WriteLine($"Step {exported.Step} of {exported.JobId} is in {exported.Out}:");
        foreach (var file in exported.Files) output.WriteLine($"  {file.Name}  {file.Bytes} bytes");
    }

    private sealed record Exported(string JobId, int Step, string Format, string Out, ExportedFile[] Files, string[] Damaged);

    private sealed record ExportedFile(string Name, long Bytes);
}
