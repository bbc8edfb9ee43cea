using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Live;
using Parcae.Client;

using Spectre.Console;

namespace Parcae.Cli.Jobs;

/// <summary><c>parcae jobs download</c>: a checkpoint from the state vault's disk.</summary>
internal static class DownloadCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = new Argument<string>("job") { Description = "The job's id; it may have ended." };
        var folder = new Option<string?>("--out") { Description = "Folder for the file. Default: checkpoints/ID, where export and generate look.", HelpName = "FOLDER" };
        var step = Values.OptionalInt("--step", "The checkpoint's step. Default: the newest.", 0, int.MaxValue);
        var command = service.AddTo(new Verb(
            "download", "Fetch a checkpoint from the running service.",
            "The file comes from the state vault's disk in pieces whose checksums are compared. Interrupted, the command goes on where it was when it is given again.",
            "parcae jobs download 3f2a", "parcae jobs download 3f2a --step 200 --out run/checkpoints/3f2a")
        {
            job, folder, step,
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string id = parsed.GetValue(job)!;
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            bool json = parsed.GetValue(service.Json);
            string target = parsed.GetValue(folder) ?? Path.Combine("checkpoints", id);
            string file = await FetchAsync(client, id, target, parsed.GetValue(step), json ? null : context, cancellation).ConfigureAwait(false);
            long bytes = new FileInfo(file).Length;
            if (json) JsonOutput.Write(context.Output, new { file = Path.GetFullPath(file), bytes });
            else await context.Output.WriteLineAsync($"{file}: {Words.Bytes(bytes)}").ConfigureAwait(false);
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static async Task<string> FetchAsync(IParcaeClient client, string job, string folder, int? step, CommandContext? shown, CancellationToken cancellation)
    {
        try
        {
            if (shown is not { IsTerminal: true }) return await client.DownloadCheckpointAsync(job, folder, step, cancellation: cancellation).ConfigureAwait(false);
            return await shown.CreateConsole().Progress().Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new DownloadedColumn()).ShowAsync(async bars =>
            {
                var bar = bars.AddTask(Markup.Escape(job));
                var progress = new Reporting(p =>
                {
                    bar.MaxValue = p.All;
                    bar.Value = p.Done;
                });
                return await client.DownloadCheckpointAsync(job, folder, step, progress, cancellation).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(e.Message, e);
        }
    }

    /// <summary>Tells at once, on the caller's thread: the last figure must be there when the bar is.</summary>
    private sealed class Reporting(Action<(long Done, long All)> tell) : IProgress<(long Done, long All)>
    {
        public void Report((long Done, long All) value) => tell(value);
    }
}
