using System.CommandLine;
using System.Globalization;

using Parcae.Cli.Commands;
using Parcae.Cli.Profiles;
using Parcae.Cli.Traces;
using Parcae.Liveput.Costs.Transitions;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Profiles;
using Parcae.Liveput.Simulation.Policies;
using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Cli.Simulating;

/// <summary>The options that say what is simulated.</summary>
internal sealed class SimulateOptions
{
    private const string AllNames = "all";

    private static readonly PolicyOptions Defaults = new();

    private readonly Option<string> _profile = new("--profile")
    {
        Description = $"Profiles, with commas between them: built in are {string.Join(", ", BuiltInProfiles.Names)}; or files; or all.",
        HelpName = "NAME|FILE,...",
        DefaultValueFactory = _ => "gpt-1.5b",
    };

    private readonly Option<string[]> _trace = new("--trace")
    {
        Description = $"The trace: {TraceSource.Help}. For several, give the option several times: commas belong to the spelling of synthetic ones.",
        HelpName = TraceSource.HelpName,
        DefaultValueFactory = _ => ["aws-p3"],
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly TraceWindow _window = new();
    private readonly TraceReading _reading = new();

    private readonly Option<string> _policy = new("--policy")
    {
        Description = $"Policies, with commas between them, of {string.Join(", ", PolicyNames.All)}; or all ({PolicyNames.Deadline} only with a job).",
        HelpName = "NAME,...",
        DefaultValueFactory = _ => "ideal,reactive,liveput,oracle",
    };

    private readonly Option<string> _forecast = new("--forecast")
    {
        Description = $"Forecasters of {string.Join(", ", PolicyNames.Forecasting)}, with commas between them, of {string.Join(", ", Forecasters.Names)}; or all.",
        HelpName = "NAME,...",
        DefaultValueFactory = _ => Defaults.Forecast,
    };

    private readonly Option<string> _lookAhead = new("--look-ahead") { Description = "Intervals to look into; several with commas between them.", HelpName = "N,...", DefaultValueFactory = _ => $"{Defaults.LookAhead}" };
    private readonly Option<int> _history = Values.Int("--history", "Intervals of the past that forecasters see; 0: all.", Defaults.History, 0, 1_000_000);

    private readonly Option<string> _costModel = new("--cost-model")
    {
        Description = "Prices of changes: artifact (the published rules, faults included) or corrected.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "artifact",
    };

    private readonly Option<string?> _restart = new("--restart-cost") { Description = "A fixed cost of a restart in place of the profile's, seconds; several with commas between them.", HelpName = "S,..." };
    private readonly Option<int?> _most = Values.OptionalInt("--max-instances", "Instances that were asked for: no forecast goes above. Default: the greatest count of the whole trace.", 1, 1_000_000);
    private readonly Option<double?> _budget = Values.OptionalDouble("--budget", "Most that liveput may spend on instances, USD per hour. Default: no bound.", 0, 1e9);
    private readonly Option<double?> _job = Values.OptionalDouble("--job-samples", $"Samples of a job with a deadline, for the policy {PolicyNames.Deadline}.", 1, 1e18);
    private readonly Option<double?> _deadline = Values.OptionalDouble("--deadline", "When that job must be done, minutes after the beginning.", 1e-3, 1e9);
    private readonly Option<int> _draws = Values.Int("--draws", "Realizations, beside the expectation: their mean and its 95 % interval; 0: none.", 0, 0, 1_000_000);
    private readonly Option<int> _seed = Values.Int("--seed", "Fixes every draw.", 0, 0, int.MaxValue);
    private readonly Option<bool> _all = new("--all") { Description = "All built-in profiles on the four segments and the whole of aws-p3, all policies; artifact with the artifact's own forecaster too." };

    private static IReadOnlyList<string> AllTraces => ["HADP", "HASP", "LADP", "LASP", "aws-p3"];

    public void AddTo(Command command)
    {
        command.Options.Add(_profile);
        command.Options.Add(_trace);
        _window.AddTo(command);
        foreach (var option in (Option[])[_reading.Every, _policy, _forecast, _lookAhead, _history, _costModel, _restart, _most, _budget, _job, _deadline, _draws, _seed, _all]) command.Options.Add(option);
    }

    /// <summary>Whether <c>--all</c> was given.</summary>
    public bool All(ParseResult parsed) => parsed.GetValue(_all);

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">An option is wrong, or two of them contradict each other.</exception>
    public SimulationRequest Read(ParseResult parsed)
    {
        bool all = All(parsed);
        if (all && (Given(parsed, _profile) || Given(parsed, _trace))) throw new UsageException("--all: it means every built-in profile and trace; leave --profile and --trace out.");
        int draws = parsed.GetValue(_draws);
        if (draws == 1) throw new UsageException("--draws: '1' is not valid; it must be 0, or at least 2 for an interval.");
        string model = parsed.GetValue(_costModel)!;
        if (!TransitionCosts.Names.Contains(model)) throw new UsageException($"--cost-model: '{model}' is not valid; it must be {string.Join(" or ", TransitionCosts.Names)}.");
        TracePart[] parts = [.. (all ? AllTraces : parsed.GetValue(_trace)!).Select(t => Part(t, parsed))];
        var job = Job(parsed, parts);
        string[] forecasts = [.. Known(parsed.GetValue(_forecast)!, "--forecast", "forecaster", Forecasters.Names)];
        return new SimulationRequest
        {
            Profiles = [.. Names(all ? AllNames : parsed.GetValue(_profile)!, "--profile", BuiltInProfiles.Names).Select(Profile)],
            Parts = parts,
            Policies = Policies(parsed, job is not null),
            Forecasts = all && !Given(parsed, _forecast) ? Published : _ => forecasts,
            LookAheads = [.. Numbers(parsed.GetValue(_lookAhead)!, "--look-ahead", 1, 1000).Select(n => n == Math.Floor(n) ? (int)n : throw new UsageException($"--look-ahead: '{n}' is not valid; it must be a whole number."))],
            CostModel = model,
            RestartCosts = parsed.GetValue(_restart) is { } costs ? [.. Numbers(costs, "--restart-cost", 0, 1e6).Select(s => (double?)s)] : [null],
            History = parsed.GetValue(_history),
            MaxInstances = parsed.GetValue(_most),
            Budget = parsed.GetValue(_budget),
            Deadline = job,
            Draws = draws,
            Seed = parsed.GetValue(_seed),
        };
    }

    // What the published artifact does, beside what we do.
    private static string[] Published(string policy) => policy switch
    {
        "artifact" => ["artifact-arima", "persistence", "ensemble"],
        "liveput-ahead" => ["ensemble"],
        _ => ["persistence", "ensemble"],
    };

    private static bool Given(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private TracePart Part(string typed, ParseResult parsed)
    {
        if (typed.Contains(',', StringComparison.Ordinal) && !SyntheticSpec.IsSpec(typed) && !File.Exists(typed))
            throw new UsageException($"--trace: '{typed}' is not a trace; for several, give --trace several times: commas belong to the spelling of synthetic ones.");
        var whole = TraceSource.Load(typed, reading: _reading.Of(parsed, null));
        var (from, to) = _window.Range(parsed, whole);
        return new TracePart(_window.Cut(parsed, whole), from * whole.IntervalSeconds / 60, to * whole.IntervalSeconds / 60);
    }

    private DeadlineOptions? Job(ParseResult parsed, IReadOnlyList<TracePart> parts)
    {
        var (samples, minutes) = (parsed.GetValue(_job), parsed.GetValue(_deadline));
        if (samples is null && minutes is null) return null;
        if (samples is null) throw new UsageException("--job-samples: it is missing; --deadline says when the job must be done, not how long it is.");
        if (minutes is null) throw new UsageException("--deadline: it is missing; --job-samples says how long the job is, not when it must be done.");
        foreach (var part in parts)
        {
            if (minutes > part.To - part.From)
                throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--deadline: {minutes} is not valid; it must be at most {part.To - part.From:0.##}, the minutes of {part.Trace.Name}."));
        }

        return new DeadlineOptions { JobSamples = samples.Value, DeadlineSeconds = minutes.Value * 60 };
    }

    /// <summary>The policies; the one with a deadline is among them by itself where a job is given, unless others were named.</summary>
    private string[] Policies(ParseResult parsed, bool job)
    {
        bool named = Given(parsed, _policy);
        string[] chosen = [.. Known(All(parsed) && !named ? AllNames : parsed.GetValue(_policy)!, "--policy", "policy", PolicyNames.All)];
        bool asked = chosen.Contains(PolicyNames.Deadline);
        if (!job && chosen.Length == PolicyNames.All.Count) return [.. chosen.Where(p => p != PolicyNames.Deadline)];
        if (!job && asked) throw new UsageException($"--policy: {PolicyNames.Deadline} needs a job; give --job-samples and --deadline.");
        if (job && named && !asked) throw new UsageException($"--job-samples: none of the policies {string.Join(", ", chosen)} has a deadline; only {PolicyNames.Deadline} has.");
        return job && !asked ? [.. chosen, PolicyNames.Deadline] : chosen;
    }

    private static PlanningProfile Profile(string name)
    {
        var profile = ProfileSource.Load(name);
        return profile.Reconfiguration is not null ? profile
            : throw new UsageException($"--profile: {name} holds no modelBuildMs; a simulation needs the profile's constants of reconfiguration.");
    }

    private static IEnumerable<string> Names(string typed, string option, IReadOnlyList<string> known)
    {
        string[] names = typed.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0) throw new UsageException($"{option}: '{typed}' names nothing; it must be one of {string.Join(", ", known)}, several with commas between them, or {AllNames}.");
        return names is [AllNames] ? known : names.Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Known(string typed, string option, string what, IReadOnlyList<string> known) =>
        Names(typed, option, known).Select(name => known.FirstOrDefault(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"{option}: '{name}' is not a {what}; it must be one of {string.Join(", ", known)}, or {AllNames}."));

    private static IEnumerable<double> Numbers(string typed, string option, double least, double most)
    {
        string[] parts = typed.Split(',', StringSplitOptions.TrimEntries);
        return parts.Select(p => double.TryParse(p, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw new UsageException($"{option}: '{p}' is not valid; it must be a number from {least} to {most}, several with commas between them."));
    }
}
