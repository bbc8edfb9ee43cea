using Parcae.Cli.Commands;
using Parcae.Cli.Traces;
using Parcae.Liveput.Simulation;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Replay;

/// <summary>What is to be acted out, as read before any service is asked.</summary>
/// <param name="Trace">The part of the trace.</param>
/// <param name="Interval">What one interval of it takes.</param>
/// <param name="Plan">The policy to follow, its strategies one for each interval of the part; null: the job plans.</param>
/// <param name="Notes">What the user should know, for people.</param>
internal sealed record ReplaySource(AvailabilityTrace Trace, TimeSpan Interval, PlannedPolicy? Plan, IReadOnlyList<string> Notes)
{
    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">Something is wrong with what was asked for.</exception>
    public static ReplaySource Load(ReplayOptions options)
    {
        CheckReport(options.Report);
        if (options is { Trace: null, Plan: null }) throw new UsageException("--trace: it is missing; name a trace, or give a plan file by --plan, which has one.");
        if (options is { Plan: null, Policy: not null }) throw new UsageException($"--policy: '{options.Policy}' is a plan file's; give the file by --plan.");
        var file = options.Plan is { } path ? LoadPlan(path) : null;
        var whole = options.Trace is { } typed ? TraceSource.Load(typed) : file!.Trace;
        var trace = TraceWindow.Cut(whole, options.From, options.To);
        var interval = options.Minute * (trace.IntervalSeconds / 60);
        if (options.Grace is null && interval < TimeSpan.FromMilliseconds(100))
            throw new UsageException($"--interval: an interval of {trace.Name} would take {interval.TotalSeconds:0.###} s; it must take 0.1 s at least.");
        if (file is null) return new ReplaySource(trace, interval, null, []);

        var notes = new List<string>();
        var policy = Choose(file, options);
        if (options.Trace is not null && file.Trace.Name != whole.Name)
            notes.Add($"the plan was made for {file.Trace.Name}, not for {whole.Name}: its strategies are taken by the minute, and fitted to what is there");
        return new ReplaySource(trace, interval, policy with { Strategies = ByTime(file, policy, whole, trace, options) }, notes);
    }

    private static PlanFile LoadPlan(string path)
    {
        try
        {
            return PlanFile.Load(path);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--plan: {e.Message}");
        }
    }

    private static PlannedPolicy Choose(PlanFile file, ReplayOptions options)
    {
        string names = string.Join(", ", file.Policies.Select(p => p.Policy));
        PlannedPolicy[] named = [.. file.Policies.Where(p => options.Policy is null || string.Equals(p.Policy, options.Policy, StringComparison.OrdinalIgnoreCase))];
        if (named.Length == 0) throw new UsageException($"--policy: '{options.Policy}' is not in {options.Plan}; it must be one of {names}.");
        if (named.Length > 1) throw new UsageException($"--policy: {options.Plan} has {named.Length} that could be meant ({names}); {(options.Policy is null ? "name one" : "make a plan file with one of them")}.");
        if (named[0].OnDemand.Any(n => n > 0)) throw new UsageException($"--policy: {named[0].Policy} rents instances on demand besides the trace's, which a replay cannot act out; name another.");
        return named[0];
    }

    /// <summary>The strategy for each interval of the part, by the minute at which it begins.</summary>
    private static Liveput.Strategy[] ByTime(PlanFile file, PlannedPolicy policy, AvailabilityTrace whole, AvailabilityTrace part, ReplayOptions options)
    {
        double begin = options.From is { } from ? Math.Floor(from * 60 / whole.IntervalSeconds) * whole.IntervalSeconds : 0;
        var strategies = new Liveput.Strategy[part.Intervals.Count];
        for (int i = 0; i < strategies.Length; i++)
        {
            int at = (int)Math.Floor((begin + i * part.IntervalSeconds) / file.Trace.IntervalSeconds + 1e-9);
            if (at >= policy.Strategies.Count)
            {
                throw new UsageException(
                    $"--plan: {options.Plan} ends at minute {file.Trace.Intervals.Count * file.Trace.IntervalSeconds / 60:0.##}, "
                    + $"the part of {whole.Name} that is replayed at {(begin + part.Intervals.Count * part.IntervalSeconds) / 60:0.##}; choose a part that the plan covers with --from and --to.");
            }

            strategies[i] = policy.Strategies[at];
        }

        return strategies;
    }

    private static void CheckReport(string report)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(report)) ?? ".";
        if (!Directory.Exists(folder)) throw new UsageException($"--report: the folder '{folder}' does not exist; it must be one that does.");
        if (Directory.Exists(report)) throw new UsageException($"--report: '{report}' is a folder; it must be a file, like parcae-replay.html.");
    }
}
