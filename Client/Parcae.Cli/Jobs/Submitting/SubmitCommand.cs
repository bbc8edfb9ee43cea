using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Jobs.Watching;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Jobs.Submitting;

/// <summary><c>parcae jobs submit</c>: reads a job's document, says what the planner expects of it, and submits it.</summary>
internal static class SubmitCommand
{
    private const string Details =
        "FILE is YAML or JSON with the fields of docs/job.schema.json; what is left out has its default value. Before the job begins, the planner says what it expects of the fleet as it is: the strategy, samples per hour, what the instances cost. "
        + "On a terminal it asks then; elsewhere, and with --yes, it does not.\n"
        + "A job that has too few instances now is submitted all the same and waits for more. One that could never be trained is not, but with --yes. Exit code: 2 when the document is not valid; with --dry-run, 1 when the job could not begin now.";

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var file = new Argument<string>("file") { Description = "The job's document; - reads standard input.", HelpName = "FILE" };
        var set = new Option<string[]>("--set") { Description = "Set a field of the document, like training.steps=50; the value is YAML. May be given several times.", HelpName = "PATH=VALUE", Arity = ArgumentArity.OneOrMore };
        var id = new Option<string?>("--id") { Description = "The job's id. The same document under the same id again changes nothing. Default: the name and eight digits.", HelpName = "ID" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what the planner expects, and submit nothing." };
        var watch = new Option<bool>("--watch") { Description = "Follow the job until it ends." };
        var yes = new Option<bool>("--yes", "-y") { Description = "Ask nothing." };
        var command = service.AddTo(new Verb(
            "submit", "Submit a job from a YAML or JSON document.", Details,
            "parcae jobs submit job.yaml", "parcae jobs submit job.yaml --set training.steps=50 --dry-run", "cat job.json | parcae jobs submit - --yes --watch")
        {
            file, set, id, dryRun, watch, yes,
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var spec = await ReadAsync(parsed.GetValue(file)!, parsed.GetValue(set) ?? [], context, cancellation).ConfigureAwait(false);
            bool json = parsed.GetValue(service.Json);
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var preview = await client.PreviewAsync(spec, cancellation).ConfigureAwait(false);
            foreach (string line in PreviewLines.Of(spec, preview)) await (json ? context.Error : context.Output).WriteLineAsync(line).ConfigureAwait(false);
            if (parsed.GetValue(dryRun))
            {
                if (json) JsonOutput.Write(context.Output, new { jobId = (string?)null, preview, status = (JobStatus?)null });
                return preview.Feasible ? ParcaeCommand.Ok : ParcaeCommand.Failed;
            }

            if (!parsed.GetValue(yes))
            {
                if (preview is { Feasible: false, MinInstances: null, Model: not null }) throw new CommandFailedException($"Nothing was submitted: {preview.Reason}. --yes submits it all the same.");
                if (!json && !await AgreesAsync(context, cancellation).ConfigureAwait(false)) throw new CommandFailedException("Nothing was submitted.");
            }

            string job = await client.SubmitAsync(spec, parsed.GetValue(id), cancellation).ConfigureAwait(false);
            if (!json) await context.Output.WriteLineAsync($"{job} is submitted{(parsed.GetValue(watch) ? "" : $"; 'parcae jobs watch {job}' follows it")}").ConfigureAwait(false);
            if (parsed.GetValue(watch))
            {
                var last = await JobWatching.RunAsync(client, job, json, context, cancellation).ConfigureAwait(false);
                if (json) JsonOutput.Write(context.Output, new { jobId = job, preview, status = last });
                return last?.Phase == JobPhase.Failed ? ParcaeCommand.Failed : ParcaeCommand.Ok;
            }

            if (json) JsonOutput.Write(context.Output, new { jobId = job, preview, status = await client.GetStatusAsync(job, cancellation).ConfigureAwait(false) });
            return ParcaeCommand.Ok;
        });
        return command;
    }

    /// <summary>The job of a file with what was set on the command line.</summary>
    /// <exception cref="UsageException">There is no such file, or what it says is not valid; all problems are named.</exception>
    private static async Task<JobSpec> ReadAsync(string file, string[] set, CommandContext context, CancellationToken cancellation)
    {
        var overrides = set.Select(s => s.Split('=', 2) is [var path, var value]
            ? KeyValuePair.Create(path.Trim(), value)
            : throw new UsageException($"--set: '{s}' is not valid; it must be a path and a value, like training.steps=50.")).ToArray();
        string text;
        try
        {
            text = file == "-" ? await context.Input.ReadToEndAsync(cancellation).ConfigureAwait(false) : await File.ReadAllTextAsync(file, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{file}' cannot be read: {e.Message}");
        }

        JobSpecFormat? format = Path.GetExtension(file).ToLowerInvariant() switch { ".json" => JobSpecFormat.Json, ".yaml" or ".yml" => JobSpecFormat.Yaml, _ => null };
        var reading = JobSpecDocument.Read(text, format, overrides);
        return reading.Spec ?? throw new UsageException(string.Join('\n', reading.Problems.Select(p => $"{(file == "-" ? "standard input" : file)}: {p}")));
    }

    private static async Task<bool> AgreesAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Answers is not { } answers) return true;
        while (true)
        {
            await context.Output.WriteAsync("Submit it? [Y/n] ").ConfigureAwait(false);
            await context.Output.FlushAsync(cancellation).ConfigureAwait(false);
            switch ((await answers.ReadLineAsync(cancellation).ConfigureAwait(false))?.Trim().ToLowerInvariant())
            {
                case "" or "y" or "yes":
                    return true;
                case null or "n" or "no":
                    return false;
                default:
                    await context.Output.WriteLineAsync("Please answer y or n.").ConfigureAwait(false);
                    break;
            }
        }
    }
}
