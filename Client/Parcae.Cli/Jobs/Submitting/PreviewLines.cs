using Parcae.Grains;

namespace Parcae.Cli.Jobs.Submitting;

/// <summary>What the planner expects, for people.</summary>
internal static class PreviewLines
{
    private const int NameWidth = 11;

    /// <summary>One line for each thing to know.</summary>
    public static IEnumerable<string> Of(JobSpec spec, PlanPreview p)
    {
        static string Line(string name, string text) => name.PadRight(NameWidth) + text;
        yield return Line("job", $"{spec.Name}: {(spec.Training.Steps is { } steps ? $"{steps:N0} steps" : "until told to finish")}, {spec.Training.GlobalBatch} samples each");
        if (p.Model is { } model) yield return Line("model", $"{model}; {Words.Count(p.Parameters ?? 0)} parameters");
        yield return Line("fleet", $"{spec.Fleet}: {Instances(p.Usable)} usable, {p.Free} free{(p.OtherJobs > 0 ? $", {(p.OtherJobs == 1 ? "1 other job" : $"{p.OtherJobs} other jobs")}" : "")}; the job can expect {p.Instances}"
            + (p.ForecastNext is { } next ? $"; {next:0.0} are forecast for the next interval" : ""));
        if (!p.Feasible)
        {
            yield return Line("feasible", $"not now: {p.Reason}");
            yield break;
        }

        yield return Line("strategy", $"{p.Pipelines} x {p.Depth} ({p.Reason})");
        yield return Line("speed", $"{p.Liveput:0.0} samples/s expected over what may be preempted, {p.SamplesPerHour:N0} an hour" + Time(spec, p));
        if (p.UsdPerHour is { } usd) yield return Line("cost", $"{usd:0.00} USD an hour, {p.UsdPerMillionSamples:N2} USD for a million samples");
        yield return Line("basis", p.Basis);
    }

    private static string Time(JobSpec spec, PlanPreview p) =>
        spec.Training.Steps is { } steps && p.Liveput > 0 ? $"; {Words.Clock(TimeSpan.FromSeconds(Math.Min((double)steps * spec.Training.GlobalBatch / p.Liveput, 1e8)))} for all steps" : "";

    private static string Instances(int count) => count == 1 ? "1 instance" : $"{count} instances";
}
