using System.Text;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo;
using Parcae.Cli.Demo.View;
using Parcae.Cli.Replay.Fleet;
using Parcae.Cli.Replay.Results;
using Parcae.Cli.Report;
using Parcae.Client;
using Parcae.Grains;

namespace Parcae.Cli.Replay;

/// <summary><c>parcae replay</c> from the options to the exit code: shows a <see cref="ReplaySession"/>, then tells its result.</summary>
internal sealed class ReplayRunner(ReplayOptions options, ReplaySource source, IParcaeClient client, ReplayStore store, CommandContext context)
{
    private const string Title = "parcae replay";

    /// <summary>Runs the replay.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var setting = await new ReplayPlace(options, source, client).FindAsync(cancellation).ConfigureAwait(false);
        var progress = new DemoProgress(setting.Job.Model ?? setting.Job.JobId, source.Trace.Name, setting.Replay.Counts, TimeProvider.System, Title);
        if (context.Interruption is { } interruption) interruption.AtOnce = () => EndAtOnce(setting);
        ReplayOutcome outcome;
        using (var abort = new DemoAbort(cancellation))
        {
            // The view outlives the work by its last picture, so it has a token of its own.
            using var viewing = new CancellationTokenSource();
            var view = CreateView(progress).RunAsync(viewing.Token);
            try
            {
                foreach (string note in Notes(setting)) progress.Event(DemoEventKind.Info, note);
                outcome = await new ReplaySession(setting, client, store, progress, abort).RunAsync().ConfigureAwait(false);
            }
            finally
            {
                abort.End();
                await viewing.CancelAsync().ConfigureAwait(false);
                await view.ConfigureAwait(false);
            }
        }

        return await TellAsync(setting, outcome, progress).ConfigureAwait(false);
    }

    private IEnumerable<string> Notes(ReplaySetting setting)
    {
        yield return setting.Fit;
        foreach (string note in source.Notes) yield return note;
        if (source.Plan is { } plan)
        {
            int over = plan.Strategies.Where((s, i) => s.Instances > setting.Replay.Counts[i]).Count();
            yield return $"the job follows {plan.Policy} of {options.Plan}"
                + (over > 0 ? $"; its strategies need more instances than there are in {over} of {plan.Strategies.Count} intervals, where they are fitted" : "");
        }

        if (source.Plan is null && Math.Abs((setting.IntervalLength - source.Interval).TotalSeconds) > 1e-3)
        {
            yield return $"the fleet plans every {setting.IntervalLength.TotalSeconds:0.###} s, an interval of the trace takes {source.Interval.TotalSeconds:0.###} s: "
                + "forecasts count in the fleet's intervals; start the control silos with --interval of the same length for the paper's setting";
        }
    }

    private async Task<int> TellAsync(ReplaySetting setting, ReplayOutcome outcome, DemoProgress progress)
    {
        await File.WriteAllTextAsync(outcome.Result.ReportPath, HtmlReport.Render(ReplayReport.Of(setting, outcome, progress)), new UTF8Encoding(false), CancellationToken.None).ConfigureAwait(false);
        if (options.Json) await context.Output.WriteLineAsync(outcome.Result.ToJson()).ConfigureAwait(false);
        else DemoSummary.Write(context.CreateConsole(), outcome.Result, outcome.History, null, $"{source.Trace.Name}, {source.Interval.TotalSeconds:0.###} s an interval", setting.Fit);
        foreach (string fault in outcome.Faults) await context.Error.WriteLineAsync($"parcae: FAILED: {fault}").ConfigureAwait(false);
        return outcome.Faults.Count == 0 ? ParcaeCommand.Ok : ParcaeCommand.Failed;
    }

    /// <summary>For the second Ctrl-C: nothing is waited for, but the terminal gets its cursor back.</summary>
    private void EndAtOnce(ReplaySetting setting)
    {
        if (context.IsTerminal && !options.Json) context.Output.Write("\u001b[?25h");
        var longest = setting.Source.Interval * setting.Replay.Counts.Count + FleetCloud.Margin;
        context.Error.WriteLine($"parcae: workers that are away come back by themselves, within {longest.TotalMinutes:0.#} minutes at most.");
    }

    private IDemoView CreateView(DemoProgress progress)
    {
        if (options.Json) return new PlainView(context.Error, progress);
        return context.IsTerminal ? new LiveView(context.CreateConsole(), progress) : new PlainView(context.Output, progress);
    }
}
