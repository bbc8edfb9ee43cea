using Parcae.Cli.Demo;
using Parcae.Cli.Report;

namespace Parcae.Cli.Replay.Results;

/// <summary>What the report of a replay shows: the demo's, over the time of the replay.</summary>
internal static class ReplayReport
{
    /// <summary>Of a replay.</summary>
    public static ReportData Of(ReplaySetting setting, ReplayOutcome outcome, DemoProgress progress)
    {
        var (o, spec) = (setting.Options, outcome.History.Spec);
        var (result, replay) = (outcome.Result, outcome.Result.Replay!);
        return new ReportData
        {
            Title = "Parcae replay",
            Begin = "the replay began",
            Result = result,
            History = outcome.History,
            SubmittedAt = outcome.History.SubmittedAt,
            Throughput = progress.Throughput,
            Events = progress.Snapshot().Events,
            Verification = null,
            PlanningNote = replay.Policy is { } policy
                ? $"The job followed the strategies of {policy} from a plan file, fitted to what was there."
                : $"The job planned live: forecast {spec.Planning.Forecast}, {spec.Planning.LookAhead} intervals of {setting.IntervalLength.TotalSeconds:0.###} s ahead.",
            Made =
            [
                ("command", CommandLine(o)),
                ("job", result.JobId),
                ("model", $"{result.Model}; {Words.Count(result.Parameters)} parameters"),
                .. result.StepsSkipped > 0 ? [("steps skipped", $"{result.StepsSkipped}: their gradient was not finite, they changed nothing")] : Array.Empty<(string, string)>(),
                .. result.ValidationLoss is { } validation ? [("validation loss", $"{validation:0.0000}")] : Array.Empty<(string, string)>(),
                ("batch", $"{spec.Training.GlobalBatch} samples in {spec.Training.MicroBatches} micro-batches"),
                ("fleet", $"{o.Fleet}: {setting.Fleet.Count} workers"),
                ("trace", $"{replay.Trace}, {replay.Intervals} of {replay.OfIntervals} intervals of {replay.IntervalSeconds:0.###} s"),
                ("trace source", setting.Source.Trace.Source),
                ("fit", replay.Fit),
                ("losses without notice", $"a share of {o.Unannounced:0.##}, at least two where there are that many"),
                .. replay.Stopped is { } why ? [("stopped", why)] : Array.Empty<(string, string)>(),
                ("seed", $"{o.Seed}"),
                ("when", $"{outcome.History.SubmittedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss zzz}"),
            ],
        };
    }

    /// <summary>A command that draws the same replay again.</summary>
    internal static string CommandLine(ReplayOptions o)
    {
        var parts = new List<string> { "parcae replay" };
        if (o.Trace is { } trace) parts.Add($"--trace {trace}");
        if (o.From is { } from) parts.Add($"--from {from}");
        if (o.To is { } to) parts.Add($"--to {to}");
        if (o.Plan is { } plan) parts.Add($"--plan {plan}");
        if (o.Policy is { } policy) parts.Add($"--policy {policy}");
        parts.Add(FormattableString.Invariant($"--fit {$"{o.Fit}".ToLowerInvariant()} --interval {o.Minute.TotalSeconds:0.###} --unannounced {o.Unannounced:0.###} --seed {o.Seed}"));
        if (o.Grace is { } grace) parts.Add(FormattableString.Invariant($"--grace {grace.TotalSeconds:0.###}"));
        return string.Join(' ', parts);
    }
}
