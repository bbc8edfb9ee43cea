using System.CommandLine;
using System.Text;

using Parcae.Cli.Commands;
using Parcae.Cli.Report;

namespace Parcae.Cli.Jobs.Reporting;

/// <summary><c>parcae jobs report</c>: a job of a running service as one HTML file.</summary>
internal static class ReportCommand
{
    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = new Argument<string>("job") { Description = "The job's id." };
        var file = new Option<string?>("--out") { Description = "Where the report goes. Default: parcae-ID.html.", HelpName = "FILE" };
        var command = service.AddTo(new Verb(
            "report", "Write a job's report as one HTML file.",
            "The file needs nothing else, no network and no other file. It has the loss with every reconfiguration, instances against their forecast, the strategy and the speed over time, every reconfiguration, and what happened. A job that has not ended is reported as it is now.\n"
            + "With --json the figures are printed as the demo's document has them. The exit code is 1 when a sample was lost or repeated, or a step was different when run again.",
            "parcae jobs report 3f2a", "parcae jobs report 3f2a --out first.html --json")
        {
            job, file,
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            string id = parsed.GetValue(job)!;
            string path = Path.GetFullPath(parsed.GetValue(file) ?? $"parcae-{id}.html");
            if (!Directory.Exists(Path.GetDirectoryName(path))) throw new UsageException($"--out: the folder '{Path.GetDirectoryName(path)}' does not exist; it must be one that does.");
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var report = await JobReport.ReadAsync(client, id, path, cancellation).ConfigureAwait(false);
            await File.WriteAllTextAsync(path, HtmlReport.Render(report.ToData()), new UTF8Encoding(false), cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) await context.Output.WriteLineAsync(report.Result.ToJson()).ConfigureAwait(false);
            else await context.Output.WriteLineAsync($"{path}: {report.Result.Steps} steps, {report.History.Generations.Length} generations").ConfigureAwait(false);
            string[] faults = [.. Demo.Results.DemoOutcome.Broken(report.History.Ledger)];
            foreach (string fault in faults) await context.Error.WriteLineAsync($"parcae: FAILED: {fault}").ConfigureAwait(false);
            return faults.Length == 0 ? ParcaeCommand.Ok : ParcaeCommand.Failed;
        });
        return command;
    }
}
