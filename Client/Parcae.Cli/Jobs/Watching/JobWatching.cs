using Parcae.Cli.Commands;
using Parcae.Cli.Live;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Jobs.Watching;

/// <summary>Shows a job until it ends: a live screen on a terminal, plain lines elsewhere.</summary>
internal static class JobWatching
{
    /// <summary>Follows the job.</summary>
    /// <param name="client">The service.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="json">Whether standard output is kept free for a document.</param>
    /// <param name="context">Where it is shown.</param>
    /// <param name="cancellation">Ends it; the job goes on.</param>
    /// <returns>Its last status; null: none was seen.</returns>
    public static async Task<JobStatus?> RunAsync(IParcaeClient client, string jobId, bool json, CommandContext context, CancellationToken cancellation)
    {
        var watch = new JobWatch(client, jobId, TimeProvider.System);
        if (json || !context.IsTerminal)
        {
            var lines = new WatchLines(json ? context.Error : context.Output);
            return await watch.RunAsync(lines.Tell, lines.Interrupted, cancellation).ConfigureAwait(false);
        }

        var console = context.CreateConsole();
        if (context.Interruption is { } interruption) interruption.AtOnce = () => context.Output.Write("\u001b[?25h");
        // The screen outlives the watching by its last picture, so it has a token of its own.
        using var viewing = new CancellationTokenSource();
        Task? screen = null;
        try
        {
            return await watch.RunAsync(_ => screen ??= LiveScreen.RunAsync(console, (width, height) => JobPicture.Of(watch.Snapshot(), width, height), viewing.Token), _ => { }, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await viewing.CancelAsync().ConfigureAwait(false);
            if (screen is not null) await screen.ConfigureAwait(false);
        }
    }
}

/// <summary>Plain lines: each event with its time, and where the job stands whenever that has changed.</summary>
internal sealed class WatchLines(TextWriter output)
{
    private JobStatus? _last;
    private bool _interrupted;

    /// <summary>The job moved.</summary>
    public void Tell(JobUpdate update)
    {
        if (_interrupted) output.WriteLine("the service answers again");
        _interrupted = false;
        foreach (var happened in update.Events) output.WriteLine($"{happened.At:HH:mm:ss}  {happened.Message}");
        var status = update.Status;
        if (_last is null || status.CommittedStep != _last.CommittedStep || status.Phase != _last.Phase) output.WriteLine(JobTables.Line(status));
        _last = status;
        output.Flush();
    }

    /// <summary>The service does not answer.</summary>
    public void Interrupted(Exception reason)
    {
        if (!_interrupted) output.WriteLine($"the service does not answer ({reason.GetType().Name}); asking on");
        _interrupted = true;
        output.Flush();
    }
}
