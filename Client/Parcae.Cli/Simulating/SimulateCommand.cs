using System.CommandLine;
using System.Globalization;

using Parcae.Cli.Commands;
using Parcae.Cli.Planning;
using Parcae.Cli.Plots;
using Parcae.Cli.Traces;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Simulation.Policies;

using Spectre.Console;

namespace Parcae.Cli.Simulating;

/// <summary><c>parcae simulate</c>: policies over a trace with a profile.</summary>
internal static class SimulateCommand
{
    private const string All = "all";

    private const string Help = """
        Runs policies over a trace with a profile and says how many samples each would have trained.
        Ideal is the bound: in every interval the fastest strategy, and changing costs nothing. Every policy sees what came and went at the beginning of an interval, then decides;
        only the policy 'artifact' plans before it sees, as the published artifact does. Costs are expectations over which instances are lost; --draws adds realizations.
        With several profiles, traces or restart costs, or --all, it compares them in one table.
        Examples:
          parcae simulate --profile gpt-1.5b --trace HADP
          parcae simulate --profile bert --trace aws-p3 --from 480 --to 540 --policy ideal,liveput,oracle --forecast persistence,ensemble --json
          parcae simulate --profile gpt-1.5b,bert --trace LADP --restart-cost 10,30,60 --plot restarts.svg
          parcae simulate --all --markdown
        """;

    /// <summary>The verb.</summary>
    public static Command Create(CommandContext context)
    {
        var profile = new Option<string>("--profile") { Description = $"Profiles, with commas between them: built in are {string.Join(", ", BuiltInProfiles.Names)}; or files; or all.", HelpName = "NAME|FILE,...", DefaultValueFactory = _ => "gpt-1.5b" };
        var trace = new Option<string[]>("--trace") { Description = $"{char.ToUpperInvariant(TraceSource.Help[0])}{TraceSource.Help[1..]}. May be given several times.", HelpName = TraceSource.HelpName, DefaultValueFactory = _ => ["aws-p3"], AllowMultipleArgumentsPerToken = true };
        var window = new TraceWindow();
        var reading = new TraceReading();
        var policy = new Option<string>("--policy") { Description = $"Policies, with commas between them, of {string.Join(", ", PolicyNames.All)}; or all.", HelpName = "NAME,...", DefaultValueFactory = _ => "ideal,reactive,liveput,oracle" };
        var forecast = new Option<string>("--forecast") { Description = $"Forecasters of the policies {string.Join(" and ", PolicyNames.Forecasting)}, of {string.Join(", ", Forecasters.Names)}; or all.", HelpName = "NAME,...", DefaultValueFactory = _ => new PolicyOptions().Forecast };
        var lookAhead = new Option<string>("--look-ahead") { Description = "Intervals to look into; several with commas between them.", HelpName = "N,...", DefaultValueFactory = _ => "12" };
        var history = Values.Int("--history", "Intervals of the past that forecasters see; 0: all.", new PolicyOptions().History, 0, 1_000_000);
        var costModel = new Option<string>("--cost-model") { Description = "Prices of changes: artifact (the published rules, faults included) or corrected.", HelpName = string.Join('|', TransitionCosts.Names), DefaultValueFactory = _ => "artifact" };
        var restart = new Option<string?>("--restart-cost") { Description = "A fixed cost of a restart in place of the profile's, seconds; several with commas between them.", HelpName = "S,..." };
        var most = Values.OptionalInt("--max-instances", "Instances that were asked for: no forecast goes above. Default: the greatest count of the whole trace.", 1, 1_000_000);
        var budget = Values.OptionalDouble("--budget", "Most that liveput may spend on instances, USD per hour. Default: no bound.", 0, 1e9);
        var draws = Values.Int("--draws", "Realizations, beside the expectation: their mean and its 95 % interval; 0: none.", 0, 0, 1_000_000);
        var seed = Values.Int("--seed", "Fixes every draw.", 0, 0, int.MaxValue);
        var all = new Option<bool>("--all") { Description = "All built-in profiles on the whole trace aws-p3 and its segments, all policies." };
        var markdown = new Option<bool>("--markdown") { Description = "Print the comparison as a Markdown table." };
        var planOut = new Option<string?>("--plan-out") { Description = "Write what each policy ran, interval by interval, to a file that can be replayed and read as a trace. Only for a single run.", HelpName = "FILE" };
        var plot = PlotFile.Option("Write a picture: of one run over time, of several as bars.");
        var json = new Option<bool>("--json") { Description = "Print one JSON document on standard output and nothing else." };
        var command = new Command("simulate", Help) { profile, trace };
        window.AddTo(command);
        foreach (var option in (Option[])[policy, forecast, lookAhead, history, costModel, restart, most, budget, draws, seed, all, markdown, planOut, plot, reading.Every, json]) command.Options.Add(option);
        command.SetAction((parsed, cancellation) =>
        {
            bool everything = parsed.GetValue(all);
            if (everything && (parsed.GetResult(profile) is { Implicit: false } || parsed.GetResult(trace) is { Implicit: false })) throw new UsageException("--all: it means every built-in profile and trace; leave --profile and --trace out.");
            int draw = parsed.GetValue(draws);
            if (draw == 1) throw new UsageException("--draws: '1' is not valid; it must be 0, or at least 2 for an interval.");
            string model = parsed.GetValue(costModel)!;
            if (!TransitionCosts.Names.Contains(model)) throw new UsageException($"--cost-model: '{model}' is not valid; it must be {string.Join(" or ", TransitionCosts.Names)}.");
            string[] traces = everything ? [.. BuiltInSegments, "aws-p3"] : parsed.GetValue(trace)!;
            var request = new SimulationRequest
            {
                Profiles = [.. Names(everything ? All : parsed.GetValue(profile)!, "--profile", BuiltInProfiles.Names).Select(Profile)],
                Parts = [.. traces.Select(t => Part(t, parsed, window, reading))],
                Policies = [.. Known(everything && parsed.GetResult(policy) is not { Implicit: false } ? All : parsed.GetValue(policy)!, "--policy", "policy", PolicyNames.All)],
                Forecasts = [.. Known(parsed.GetValue(forecast)!, "--forecast", "forecaster", Forecasters.Names)],
                LookAheads = [.. Numbers(parsed.GetValue(lookAhead)!, "--look-ahead", 1, 1000).Select(n => n == Math.Floor(n) ? (int)n : throw new UsageException($"--look-ahead: '{n}' is not valid; it must be a whole number."))],
                CostModel = model,
                RestartCosts = parsed.GetValue(restart) is { } costs ? [.. Numbers(costs, "--restart-cost", 0, 1e6).Select(s => (double?)s)] : [null],
                History = parsed.GetValue(history),
                MaxInstances = parsed.GetValue(most),
                Budget = parsed.GetValue(budget),
                Draws = draw,
                Seed = parsed.GetValue(seed),
            };
            string? planFile = parsed.GetValue(planOut), picture = parsed.GetValue(plot);
            if (planFile is not null && request.Runs > 1) throw new UsageException($"--plan-out: a plan file holds one run; these options make {request.Runs}.");
            if (picture is not null) PlotFile.Check(picture);
            bool toJson = parsed.GetValue(json), asMarkdown = parsed.GetValue(markdown);
            var runs = Run(request, context, quiet: toJson || asMarkdown, cancellation);
            if (toJson)
            {
                if (runs.Count == 1 && !everything) JsonOutput.Write(context.Output, SimulationDocument.Of(runs[0]));
                else JsonOutput.Write(context.Output, new SimulationsDocument([.. runs.Select(SimulationDocument.Of)]));
            }
            else if (asMarkdown)
            {
                context.Output.Write(SimulationTables.Markdown(runs));
            }
            else
            {
                var console = context.CreateConsole();
                if (runs.Count == 1) context.Output.WriteLine(SimulationTables.Headline(runs[0]));
                else context.Output.WriteLine($"samples as a fraction of ideal, {model} costs");
                console.Write(runs.Count == 1 ? SimulationTables.Of(runs[0]) : SimulationTables.Of(runs));
            }

            if (planFile is not null) SavePlan(planFile, runs[0]);
            if (picture is not null) PlotFile.Save(picture, SimulationPictures.Of(runs));
            return Task.FromResult(ParcaeCommand.Ok);
        });
        return command;
    }

    private static IEnumerable<string> BuiltInSegments => ["HADP", "HASP", "LADP", "LASP"];

    private static TracePart Part(string typed, ParseResult parsed, TraceWindow window, TraceReading reading)
    {
        var whole = TraceSource.Load(typed, reading: reading.Of(parsed, null));
        var (from, to) = window.Range(parsed, whole);
        var part = window.Cut(parsed, whole);
        return new TracePart(part, from * whole.IntervalSeconds / 60, to * whole.IntervalSeconds / 60);
    }

    private static PlanningProfile Profile(string name)
    {
        var profile = PlanSources.Profile(name);
        return profile.Reconfiguration is not null ? profile
            : throw new UsageException($"--profile: {name} holds no modelBuildMs; a simulation needs the profile's constants of reconfiguration.");
    }

    private static IReadOnlyList<SimulationRun> Run(SimulationRequest request, CommandContext context, bool quiet, CancellationToken cancellation)
    {
        if (quiet || !context.IsTerminal) return SimulationRunner.Run(request, static (_, _) => { }, cancellation);
        return context.CreateConsole().Progress().AutoClear(true).Start(progress =>
        {
            var task = progress.AddTask("simulating", maxValue: 1);
            return SimulationRunner.Run(request, (share, what) => (task.Value, task.Description) = (share, Markup.Escape(what)), cancellation);
        });
    }

    private static void SavePlan(string path, SimulationRun run)
    {
        var plan = new PlanFile(
            run.Setting.Profile.Model, run.Setting.Costs.Name, run.Part.Trace,
            [.. run.Policies.Select(p => new PlannedPolicy(p.Result.Policy, p.Result.Forecast, p.LookAhead ?? 0, [.. p.Result.Intervals.Select(i => i.Strategy)]))]);
        try
        {
            plan.Save(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"--plan-out: '{path}' cannot be written: {e.Message}");
        }
    }

    private static IEnumerable<string> Names(string typed, string option, IReadOnlyList<string> known)
    {
        string[] names = typed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0) throw new UsageException($"{option}: '{typed}' names nothing; it must be one of {string.Join(", ", known)}, several with commas between them, or {All}.");
        return names is [All] ? known : names.Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Known(string typed, string option, string what, IReadOnlyList<string> known) =>
        Names(typed, option, known).Select(name => known.FirstOrDefault(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"{option}: '{name}' is not a {what}; it must be one of {string.Join(", ", known)}, or {All}."));

    private static IEnumerable<double> Numbers(string typed, string option, double least, double most)
    {
        string[] parts = typed.Split(',', StringSplitOptions.TrimEntries);
        return parts.Select(p => double.TryParse(p, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw new UsageException($"{option}: '{p}' is not valid; it must be a number from {least} to {most}, several with commas between them."));
    }
}
