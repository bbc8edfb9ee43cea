using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Jobs.Checkpoints;
using Parcae.Cli.Jobs.Reporting;
using Parcae.Cli.Jobs.Submitting;
using Parcae.Cli.Jobs.Watching;
using Parcae.Client;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Jobs;

/// <summary><c>parcae jobs</c>: the jobs of a running service.</summary>
internal static class JobsCommand
{
    /// <summary>The verb with those below it.</summary>
    public static Command Create(CommandContext context) => new("jobs", "Jobs of a running service.")
    {
        SubmitCommand.Create(context),
        List(context),
        Show(context),
        Watch(context),
        Steer(context, "pause", "Stop a job at its next step boundary; it keeps its state.", (client, id, c) => client.PauseAsync(id, c)),
        Steer(context, "resume", "Take a pause back.", (client, id, c) => client.ResumeAsync(id, c)),
        Steer(context, "cancel", "End a job for good and release its instances.", (client, id, c) => client.CancelAsync(id, c)),
        Events(context),
        ReportCommand.Create(context),
        DownloadCommand.Create(context),
        ExportCommand.Create(context),
        GenerateCommand.Create(context),
    };

    private static Argument<string> JobId() => new("job") { Description = "The job's id." };

    private static Command List(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var fleet = ServiceOptions.Fleet();
        var command = service.AddTo(new Verb("list", "All jobs, oldest first.", "", "parcae jobs list", "parcae jobs list --json") { fleet });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var jobs = await client.GetJobsAsync(parsed.GetValue(fleet)!, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, jobs);
            else context.CreateConsole().Write(JobTables.List(jobs));
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Show(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = JobId();
        var command = service.AddTo(new Verb("show", "One job: status, plan, where its replicas spend their time, reconfigurations.", "", "parcae jobs show 3f2a", "parcae jobs show 3f2a --json") { job });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var status = await client.GetStatusAsync(parsed.GetValue(job)!, cancellation).ConfigureAwait(false);
            var history = await client.GetHistoryAsync(status.JobId, status.CommittedStep, cancellation).ConfigureAwait(false);
            var metrics = JobMetrics.Of(status, history, await client.GetFleetAsync(history.Spec.Fleet, cancellation).ConfigureAwait(false));
            if (parsed.GetValue(service.Json))
            {
                JsonOutput.Write(context.Output, new { status, metrics, history.Spec, history.Generations });
                return ParcaeCommand.Ok;
            }

            var console = context.CreateConsole();
            console.Write(JobTables.Status(status, metrics));
            if (status.StageTimings.Length > 0) console.Write(JobTables.Timings(status.StageTimings));
            console.Write(JobTables.Reconfigurations(history.Generations));
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Watch(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = JobId();
        var command = service.AddTo(new Verb(
            "watch", "Follow a job until it ends.",
            "On a terminal: the plan as a grid of pipelines and stages, loss and speed, instances with the forecast's band, what happened. Elsewhere plain lines; with --json these go to standard error and the last status is printed. "
            + "While the service does not answer it is asked on. Ctrl-C ends the watching, not the job. The exit code is 1 when the job failed.",
            "parcae jobs watch 3f2a", "parcae jobs watch 3f2a --json") { job });
        command.SetAction(async (parsed, cancellation) =>
        {
            bool json = parsed.GetValue(service.Json);
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var last = await JobWatching.RunAsync(client, parsed.GetValue(job)!, json, context, cancellation).ConfigureAwait(false);
            if (json && last is not null) JsonOutput.Write(context.Output, last);
            return last?.Phase == JobPhase.Failed ? ParcaeCommand.Failed : ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Events(CommandContext context)
    {
        var service = new ServiceOptions(context);
        var job = JobId();
        var after = new Option<long>("--after") { Description = "Only events after this number.", HelpName = "N" };
        var command = service.AddTo(new Verb("events", "What happened to a job, oldest first.", "", "parcae jobs events 3f2a", "parcae jobs events 3f2a --after 40 --json") { job, after });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var events = await client.GetEventsAsync(parsed.GetValue(job)!, parsed.GetValue(after), cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, events);
            else foreach (var e in events) await context.Output.WriteLineAsync($"{e.Sequence,5}  {e.At:yyyy-MM-dd HH:mm:ss}  {e.Message}").ConfigureAwait(false);
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Steer(CommandContext context, string verb, string description, Func<IParcaeClient, string, CancellationToken, Task> call)
    {
        var service = new ServiceOptions(context);
        var job = JobId();
        var command = service.AddTo(new Verb(verb, description, "", $"parcae jobs {verb} 3f2a") { job });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            string id = parsed.GetValue(job)!;
            await call(client, id, cancellation).ConfigureAwait(false);
            var status = await client.GetStatusAsync(id, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, status);
            else await context.Output.WriteLineAsync(JobTables.Line(status)).ConfigureAwait(false);
            return ParcaeCommand.Ok;
        });
        return command;
    }
}
