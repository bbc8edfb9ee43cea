using System.Runtime.InteropServices;

using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Results;
using Parcae.Grains;

namespace Parcae.Cli.Report;

/// <summary>Everything that a report shows.</summary>
internal sealed record ReportData
{
    /// <summary>What made it.</summary>
    public string Title { get; init; } = "Parcae demo";

    /// <summary>What second 0 of all charts is.</summary>
    public string Begin { get; init; } = "the job was submitted";

    /// <summary>The figures.</summary>
    public required DemoResult Result { get; init; }

    /// <summary>Everything about the job.</summary>
    public required JobHistory History { get; init; }

    /// <summary>When that was, by the control silo's clock or one that agrees with it.</summary>
    public required DateTimeOffset SubmittedAt { get; init; }

    /// <summary>Speed over time.</summary>
    public required IReadOnlyList<ThroughputSample> Throughput { get; init; }

    /// <summary>What happened, oldest first; times are since the command began.</summary>
    public required IReadOnlyList<DemoEvent> Events { get; init; }

    /// <summary>The comparison with the undisturbed run, or null.</summary>
    public required Verification? Verification { get; init; }

    /// <summary>How planning saw the machine.</summary>
    public required string PlanningNote { get; init; }

    /// <summary>How the run was made: name and value.</summary>
    public required IReadOnlyList<(string Name, string Value)> Made { get; init; }

    /// <summary>Of a demo.</summary>
    public static ReportData Of(DemoSetting setting, DemoOutcome outcome, DemoProgress progress)
    {
        var o = setting.Options;
        return new ReportData
        {
            Result = outcome.Result,
            History = outcome.History,
            SubmittedAt = outcome.SubmittedAt,
            Throughput = progress.Throughput,
            Events = progress.Snapshot().Events,
            Verification = outcome.Verification,
            PlanningNote = outcome.PlanningNote,
            Made =
            [
                ("command", CommandLine(o)),
                ("job", outcome.Result.JobId),
                ("model", $"{outcome.Result.Model}; {Words.Count(outcome.Result.Parameters)} parameters"),
                .. outcome.Result.StepsSkipped > 0 ? [("steps skipped", $"{outcome.Result.StepsSkipped}: their gradient was not finite, they changed nothing")] : Array.Empty<(string, string)>(),
                .. outcome.Result.ValidationLoss is { } validation ? [("validation loss", $"{validation:0.0000}")] : Array.Empty<(string, string)>(),
                ("data", o.Data.Length > 0 ? string.Join(", ", o.Data) : "API documentation of the .NET SDK"),
                ("batch", $"{o.Batch} samples in {o.MicroBatches} micro-batches"),
                ("trace", $"{setting.Trace.Name}, scaled to at most {o.Instances} instances, {o.Interval.TotalSeconds:0.###} s an interval"),
                ("trace source", setting.Trace.Source),
                ("losses without notice", $"a share of {o.Unannounced:0.##}, at least two where there are that many"),
                .. outcome.Result.Chaos is { } chaos ? [("faults", $"{chaos.Struck} of {chaos.Ordered} struck")] : Array.Empty<(string, string)>(),
                ("seed", $"{o.Seed}"),
                ("forecast", $"{outcome.History.Spec.Planning.Forecast}, {outcome.History.Spec.Planning.LookAhead} intervals ahead"),
                ("machine", $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0} GB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}"),
                ("when", $"{outcome.SubmittedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss zzz}"),
            ],
        };
    }

    /// <summary>A command that makes the same run again.</summary>
    internal static string CommandLine(DemoOptions o)
    {
        string command = FormattableString.Invariant(
            $"parcae demo --instances {o.Instances} --interval {o.Interval.TotalSeconds:0.###} --trace {o.Trace} --unannounced {o.Unannounced:0.###} --seed {o.Seed}")
            + $" --blocks {o.Model.Blocks} --hidden {o.Model.Hidden} --heads {o.Model.Heads} --sequence {o.Model.SequenceLength} --batch {o.Batch} --micro-batches {o.MicroBatches}";
        if (o.Steps is { } steps) command += $" --steps {steps}";
        if (o.Chaos > 0) command += $" --chaos {o.Chaos}";
        if (o.Verify) command += " --verify";
        return o.Data.Length > 0 ? command + " --data " + string.Join(' ', o.Data) : command;
    }
}
