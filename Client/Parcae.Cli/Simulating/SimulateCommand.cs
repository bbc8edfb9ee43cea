using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Cli.Live;
using Parcae.Cli.Plots;
using Parcae.Liveput.Simulation;

using Spectre.Console;

namespace Parcae.Cli.Simulating;

/// <summary><c>parcae simulate</c>: policies over a trace with a profile.</summary>
internal static class SimulateCommand
{
    private const string Details = """
        Ideal is the bound: in every interval the fastest strategy for the instances that there are, and changing costs nothing. Every policy sees what came and went at the beginning of an interval, then decides; only artifact plans before it sees, as the published artifact does. Costs are expectations over which instances are lost; --draws adds realizations.
        The policy deadline runs a job of so many samples as liveput does, but rents on-demand instances whenever the deadline is at stake, and nothing once the job is done.
        With several profiles, traces or restart costs, or --all, it compares them in one table.
        """;

    private static readonly string[] Examples =
    [
        "parcae simulate --profile gpt-1.5b --trace HADP",
        "parcae simulate --profile bert --from 480 --to 540 \\\n    --policy ideal,liveput,oracle --forecast persistence,ensemble --json",
        "parcae simulate --profile gpt-1.5b,bert --trace LADP --trace bursts:7 \\\n    --restart-cost 10,30,60 --plot restarts.svg",
        "parcae simulate --trace LADP --job-samples 80000 --deadline 60",
        "parcae simulate --all --markdown",
    ];

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new SimulateOptions();
        var planOut = new Option<string?>("--plan-out") { Description = "Write what each policy ran, interval by interval, to a file that can be replayed and read as a trace. Only for a single run.", HelpName = "FILE" };
        var plot = PlotFile.Option("Write a picture: of one run over time, of several as bars.");
        var markdown = new Option<bool>("--markdown") { Description = "Print the comparison as a Markdown table." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Verb("simulate", "Runs policies over a trace and compares how much they train.", Details, Examples);
        options.AddTo(command);
        foreach (var option in (Option[])[planOut, plot, markdown, json]) command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            string? planFile = parsed.GetValue(planOut), picture = parsed.GetValue(plot);
            if (picture is not null) PlotFile.Check(picture);
            if (planFile is not null) CheckFolder(planFile);
            var request = options.Read(parsed);
            if (planFile is not null && request.Runs > 1) throw new UsageException($"--plan-out: a plan file holds one run; these options make {request.Runs}.");
            bool toJson = parsed.GetValue(json), asMarkdown = parsed.GetValue(markdown);
            if (toJson && asMarkdown) throw new UsageException("--markdown: it cannot be together with --json; leave one of them out.");
            var runs = Run(request, context, quiet: toJson || asMarkdown, cancellation);
            if (toJson) WriteJson(context, runs, several: runs.Count > 1 || options.All(parsed));
            else if (asMarkdown) context.Output.Write(SimulationTables.Markdown(runs));
            else WriteTable(context, runs);
            if (planFile is not null) SavePlan(planFile, runs[0]);
            if (picture is not null) PlotFile.Save(picture, SimulationPictures.Of(runs));
            return Task.FromResult(ParcaeCommand.Ok);
        });
        return command;
    }

    private static void WriteJson(CommandContext context, IReadOnlyList<SimulationRun> runs, bool several)
    {
        if (several) JsonOutput.Write(context.Output, new SimulationsDocument([.. runs.Select(SimulationDocument.Of)]));
        else JsonOutput.Write(context.Output, SimulationDocument.Of(runs[0]));
    }

    private static void WriteTable(CommandContext context, IReadOnlyList<SimulationRun> runs)
    {
        context.Output.WriteLine(runs.Count == 1 ? SimulationTables.Headline(runs[0]) : $"samples as a fraction of ideal, {runs[0].Setting.Costs.Name} costs");
        context.CreateConsole().Write(runs.Count == 1 ? SimulationTables.Of(runs[0]) : SimulationTables.Of(runs));
    }

    private static IReadOnlyList<SimulationRun> Run(SimulationRequest request, CommandContext context, bool quiet, CancellationToken cancellation)
    {
        if (quiet || !context.IsTerminal) return SimulationRunner.Run(request, static (_, _) => { }, cancellation);
        return context.CreateConsole().Progress().AutoClear(true).Show(progress =>
        {
            var task = progress.AddTask("simulating", maxValue: 1);
            return SimulationRunner.Run(request, (share, what) => (task.Value, task.Description) = (share, Markup.Escape(what)), cancellation);
        });
    }

    // Before the work, which may be long.
    private static void CheckFolder(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        if (!Directory.Exists(folder)) throw new UsageException($"--plan-out: the folder '{folder}' does not exist; it must be one that does.");
        if (Directory.Exists(path)) throw new UsageException($"--plan-out: '{path}' is a folder; it must be a file.");
    }

    private static void SavePlan(string path, SimulationRun run)
    {
        var plan = new PlanFile(
            run.Setting.Profile.Model, run.Setting.Costs.Name, run.Part.Trace,
            [.. run.Policies.Select(p => new PlannedPolicy(p.Result.Policy, p.Result.Forecast, p.LookAhead ?? 0, [.. p.Result.Intervals.Select(i => i.Strategy)])
            {
                OnDemand = p.Result.Intervals.Any(i => i.OnDemandInstances > 0) ? [.. p.Result.Intervals.Select(i => i.OnDemandInstances)] : [],
            })]);
        try
        {
            plan.Save(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--plan-out: '{path}' cannot be written: {e.Message}");
        }
    }
}
