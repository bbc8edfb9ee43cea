using System.Text;

using Parcae.Cli.Commands;
using Parcae.Cli.Demo.Processes;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Demo.View;
using Parcae.Cli.Replay.Acting;
using Parcae.Cli.Report;
using Parcae.Cli.Traces;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Demo;

/// <summary><c>parcae demo</c> from the options to the exit code: sets the stage, runs a <see cref="DemoSession"/>, tells the result, and cleans up whatever happens.</summary>
internal sealed class DemoRunner(DemoOptions asked, CommandContext context)
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(3);

    /// <summary>Runs the demo.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        var stopped = asked.Resume is { } root ? DemoStateFile.Load(root) : null;
        var options = stopped is null ? asked : asked.GoingOnWith(stopped.State.Options);
        DemoCommand.Validate(options);
        var trace = TraceSource.Load(options.Trace).ScaleTo(options.Instances);
        // Tried before anything is made: the limit depends on the model alone.
        _ = DemoJob.Create(options, tokenFolder: "");
        string silo = SiloLocator.Find(options.Silo, AppContext.BaseDirectory, Environment.GetEnvironmentVariable(SiloLocator.Variable));
        if (options.RedisPort is { } port && !FreePorts.IsFree(port))
            throw new CommandFailedException($"--redis-port: port {port} of 127.0.0.1 is in use; name a free one, or leave the option out.");
        var folder = options.Resume is null ? DemoFolder.Create(options.Folder) : DemoFolder.Open(options.Resume);
        var state = stopped ?? DemoStateFile.Fresh(folder, options);
        bool ended = false;
        try
        {
            int code = await RunAsync(DemoSetting.Of(options, trace, folder, state, new SiloCommandLine(SiloLocator.DotnetHost(), silo, options.Chaos > 0)), cancellation)
                .ConfigureAwait(false);
            state.Change(s => s with { Ended = true });
            ended = code == ParcaeCommand.Ok;
            return code;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            ended = true;
            throw;
        }
        finally
        {
            if (ended && folder.IsTemporary && !options.Keep) folder.Remove();
            else await context.Error.WriteLineAsync($"Logs and data are in {folder.Root}{(state.State is { Ended: false, SubmittedAt: not null } ? $"; go on by: parcae demo --resume {folder.Root}" : "")}").ConfigureAwait(false);
        }
    }

    private async Task<int> RunAsync(DemoSetting setting, CancellationToken cancellation)
    {
        var progress = new DemoProgress(DemoJob.Describe(setting.Options.Model), setting.Trace.Name, setting.Counts, TimeProvider.System);
        progress.Before(setting.State.State.Noticed, setting.State.State.Unannounced);
        DemoOutcome outcome;
        using (var abort = new DemoAbort(cancellation))
        {
            var processes = new ProcessSupervisor();
            await using var _ = processes.ConfigureAwait(false);
            if (context.Interruption is { } interruption) interruption.AtOnce = () => EndAtOnce(processes);
            // The view outlives the work by its last picture, so it has a token of its own.
            using var viewing = new CancellationTokenSource();
            var view = CreateView(progress).RunAsync(viewing.Token);
            try
            {
                outcome = await new DemoSession(setting, processes, progress, abort).RunAsync().ConfigureAwait(false);
                progress.Stage("stopping");
            }
            catch (OperationCanceledException) when (abort.Cause is { } cause)
            {
                throw Explained(cause);
            }
            finally
            {
                await processes.StopAsync(StopGrace).ConfigureAwait(false);
                await viewing.CancelAsync().ConfigureAwait(false);
                await view.ConfigureAwait(false);
            }
        }

        return await TellAsync(setting, outcome, progress).ConfigureAwait(false);
    }

    private async Task<int> TellAsync(DemoSetting setting, DemoOutcome outcome, DemoProgress progress)
    {
        string report = HtmlReport.Render(ReportData.Of(setting, outcome, progress));
        await File.WriteAllTextAsync(outcome.Result.ReportPath, report, new UTF8Encoding(false), CancellationToken.None).ConfigureAwait(false);
        if (asked.Json) await context.Output.WriteLineAsync(outcome.Result.ToJson()).ConfigureAwait(false);
        else DemoSummary.Write(context.CreateConsole(), setting, outcome);
        var faults = outcome.Faults;
        foreach (string fault in faults) await context.Error.WriteLineAsync($"parcae: FAILED: {fault}").ConfigureAwait(false);
        return faults.Count == 0 ? ParcaeCommand.Ok : ParcaeCommand.Failed;
    }

    /// <summary>For the second Ctrl-C: nothing is waited for, but the terminal gets its cursor back.</summary>
    private void EndAtOnce(ProcessSupervisor processes)
    {
        processes.KillAll();
        if (context.IsTerminal && !asked.Json) context.Output.Write("\u001b[?25h");
    }

    private IDemoView CreateView(DemoProgress progress)
    {
        if (asked.Json) return new PlainView(context.Error, progress);
        return context.IsTerminal ? new LiveView(context.CreateConsole(), progress) : new PlainView(context.Output, progress);
    }

    private static Exception Explained(Exception cause) =>
        cause is CommandFailedException ? cause : new CommandFailedException($"{cause.GetType().Name}: {cause.Message}", cause);
}

/// <summary>Everything that is settled before a demo starts.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Trace">The scaled trace.</param>
/// <param name="First">The interval with which it begins: not 0 when it goes on.</param>
/// <param name="Replay">What the trace does to instances from there on.</param>
/// <param name="Folder">The working folder.</param>
/// <param name="State">Where it is.</param>
/// <param name="Commands">How processes are started.</param>
internal sealed record DemoSetting(
    DemoOptions Options, AvailabilityTrace Trace, int First, TraceReplay Replay, DemoFolder Folder, DemoStateFile State, SiloCommandLine Commands)
{
    /// <summary>Names of instances and vaults are new each time that it goes on: they begin so many after those of the time before.</summary>
    private const int NamesEachTime = 10_000;

    /// <summary>Instances in each interval of the whole trace.</summary>
    public IReadOnlyList<int> Counts { get; } = CountsOf(Trace);

    /// <summary>The last number that names must not have.</summary>
    public int Named => NamedBy(State.State);

    /// <summary>A demo from where its state says.</summary>
    public static DemoSetting Of(DemoOptions options, AvailabilityTrace trace, DemoFolder folder, DemoStateFile state, SiloCommandLine commands)
    {
        if (options.Resume is not null) state.Change(s => s with { Resumed = s.Resumed + 1 });
        int[] counts = CountsOf(trace);
        int first = Math.Min(state.State.Intervals, counts.Length - 1);
        var replay = TraceReplay.Create(counts[first..], options.Unannounced, options.Seed + state.State.Resumed, named: NamedBy(state.State));
        return new DemoSetting(options, trace, first, replay, folder, state, commands);
    }

    private static int[] CountsOf(AvailabilityTrace trace) => [.. trace.Intervals.Select(i => i.Available)];

    private static int NamedBy(DemoState state) => state.Resumed * NamesEachTime;
}
