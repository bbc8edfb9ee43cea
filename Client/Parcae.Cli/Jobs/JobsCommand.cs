using System.CommandLine;

using Parcae.Cli.Commands;
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
        List(context),
        Show(context),
        Watch(context),
        Steer(context, "pause", "Stop a job at its next step boundary; it keeps its state.", (client, id, c) => client.PauseAsync(id, c)),
        Steer(context, "resume", "Take a pause back.", (client, id, c) => client.ResumeAsync(id, c)),
        Steer(context, "cancel", "End a job for good and release its instances.", (client, id, c) => client.CancelAsync(id, c)),
    };

    private static Argument<string> JobId() => new("job") { Description = "The job's id." };

    private static Command List(CommandContext context)
    {
        var service = new ServiceOptions();
        var command = service.AddTo(new Command("list", "All jobs, oldest first."));
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var jobs = new List<JobStatus>();
            foreach (string id in await client.ListJobsAsync(cancellation: cancellation).ConfigureAwait(false))
                jobs.Add(await client.GetStatusAsync(id, cancellation).ConfigureAwait(false));
            if (parsed.GetValue(service.Json)) JsonOutput.Write(context.Output, jobs);
            else context.CreateConsole().Write(JobTables.List(jobs));
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Show(CommandContext context)
    {
        var service = new ServiceOptions();
        var job = JobId();
        var command = service.AddTo(new Command("show", "One job: status, plan, where its replicas spend their time, reconfigurations.") { job });
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            var status = await client.GetStatusAsync(parsed.GetValue(job)!, cancellation).ConfigureAwait(false);
            var history = await client.GetHistoryAsync(status.JobId, status.CommittedStep, cancellation).ConfigureAwait(false);
            if (parsed.GetValue(service.Json))
            {
                JsonOutput.Write(context.Output, new { status, history.Spec, history.Generations });
                return ParcaeCommand.Ok;
            }

            var console = context.CreateConsole();
            console.Write(JobTables.Status(status));
            if (status.StageTimings.Length > 0) console.Write(JobTables.Timings(status.StageTimings));
            console.Write(JobTables.Reconfigurations(history.Generations));
            return ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Watch(CommandContext context)
    {
        var service = new ServiceOptions();
        var job = JobId();
        var command = service.AddTo(new Command("watch", "Follow a job until it ends; with --json, its last status."));
        command.Arguments.Add(job);
        command.SetAction(async (parsed, cancellation) =>
        {
            bool json = parsed.GetValue(service.Json);
            var lines = json ? context.Error : context.Output;
            await using var client = await service.ConnectAsync(parsed, cancellation).ConfigureAwait(false);
            JobStatus? last = null;
            await foreach (var update in client.WatchAsync(parsed.GetValue(job)!, cancellation: cancellation).ConfigureAwait(false))
            {
                foreach (var happened in update.Events) await lines.WriteLineAsync($"{happened.At:HH:mm:ss}  {happened.Message}").ConfigureAwait(false);
                if (last is null || update.Status.CommittedStep != last.CommittedStep || update.Status.Phase != last.Phase)
                    await lines.WriteLineAsync(JobTables.Line(update.Status)).ConfigureAwait(false);
                last = update.Status;
            }

            if (json && last is not null) JsonOutput.Write(context.Output, last);
            return last?.Phase == JobPhase.Failed ? ParcaeCommand.Failed : ParcaeCommand.Ok;
        });
        return command;
    }

    private static Command Steer(CommandContext context, string verb, string description, Func<IParcaeClient, string, CancellationToken, Task> call)
    {
        var service = new ServiceOptions();
        var job = JobId();
        var command = service.AddTo(new Command(verb, description) { job });
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
