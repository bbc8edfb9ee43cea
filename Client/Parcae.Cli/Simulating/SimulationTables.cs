using System.Globalization;
using System.Text;

using Parcae.Liveput.Costs;

using Spectre.Console;

namespace Parcae.Cli.Simulating;

/// <summary>Results for people.</summary>
internal static class SimulationTables
{
    /// <summary>One run: a row a policy.</summary>
    public static Table Of(SimulationRun run)
    {
        bool drawn = run.Policies.Any(p => p.Drawn is not null), several = Several([run]), job = run.Policies.Any(p => p.HasJob), priced = run.Setting.Profile.Prices is not null;
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("policy").NoWrap());
        foreach (string column in (string[])["samples", "of ideal", .. drawn ? ["drawn, 95 %"] : Array.Empty<string>(), "intra", "inter", "depth", "paused", .. job ? ["done after"] : Array.Empty<string>(), "plan ms", .. priced ? ["USD", "per million"] : Array.Empty<string>()])
        {
            table.AddColumn(new TableColumn(column).NoWrap().RightAligned());
        }

        foreach (var policy in run.Policies)
        {
            var result = policy.Result;
            List<string> cells = [policy.Title(several), Number(result.Samples), Share(run.Fraction(result.Samples))];
            if (drawn) cells.Add(policy.Drawn is { } d ? $"{Share(run.Fraction(d.Low))} to {Share(run.Fraction(d.High))}" : "");
            cells.AddRange(Kinds.Select(k => result.Count(k).ToString(CultureInfo.InvariantCulture)));
            cells.Add(result.PausedIntervals.ToString(CultureInfo.InvariantCulture));
            if (job) cells.Add(!policy.HasJob ? "" : result.DoneMs is { } ms ? $"{(ms / 60_000).ToString("0.0", CultureInfo.InvariantCulture)} min" : "never");
            cells.Add(result.PlanningMs.Average().ToString("0.0", CultureInfo.InvariantCulture));
            if (run.Setting.Profile.Prices is { } prices)
            {
                double usd = result.Usd(prices, run.Setting.IntervalMs);
                cells.Add(usd.ToString("0.00", CultureInfo.InvariantCulture));
                cells.Add(result.Samples > 0 ? (usd / result.Samples * 1e6).ToString("0.00", CultureInfo.InvariantCulture) : "");
            }

            table.AddRow(cells.Select(c => new Text(c)));
        }

        return table;
    }

    /// <summary>What a run is.</summary>
    public static string Headline(SimulationRun run) =>
        $"{run.Setting.Profile.Model} on {run.Part.Trace.Name}, minutes {run.Part.From:0.##} to {run.Part.To:0.##} ({run.Part.Trace.Intervals.Count} intervals), {run.Setting.Costs.Name} costs{Restart(run)}";

    /// <summary>Several runs: a row a run, a column a policy, fractions of ideal.</summary>
    public static Table Of(IReadOnlyList<SimulationRun> runs)
    {
        var table = new Table().Border(TableBorder.Simple);
        string[][] rows = [.. Rows(runs)];
        table.AddColumns([.. rows[0].Select((title, i) => i < 2 ? new TableColumn(title).NoWrap() : new TableColumn(title).RightAligned())]);
        foreach (string[] row in rows[1..]) table.AddRow(row.Select(c => new Text(c)));
        return table;
    }

    /// <summary>The same as a table in Markdown.</summary>
    public static string Markdown(IReadOnlyList<SimulationRun> runs)
    {
        var text = new StringBuilder();
        string[][] rows = [.. Rows(runs)];
        text.Append("| ").AppendJoin(" | ", rows[0]).Append(" |\n");
        text.Append("| ").AppendJoin(" | ", rows[0].Select((_, i) => i < 2 ? "---" : "---:")).Append(" |\n");
        foreach (string[] row in rows[1..]) text.Append("| ").AppendJoin(" | ", row).Append(" |\n");
        return text.ToString();
    }

    /// <summary>Whether policies differ in their look-ahead.</summary>
    public static bool Several(IReadOnlyList<SimulationRun> runs) => runs[0].Policies.Select(p => p.LookAhead).Where(n => n is not null).Distinct().Count() > 1;

    public static string Restart(SimulationRun run) => run.RestartCost is { } seconds ? string.Create(CultureInfo.InvariantCulture, $", restarts {seconds:0.###} s") : "";

    private static readonly MigrationCaseKind[] Kinds = [MigrationCaseKind.IntraStage, MigrationCaseKind.InterStage, MigrationCaseKind.Pipeline];

    private static IEnumerable<string[]> Rows(IReadOnlyList<SimulationRun> runs)
    {
        bool several = Several(runs), restarts = runs.Any(r => r.RestartCost is not null), means = runs.Count > 1;
        var policies = runs[0].Policies;
        yield return ["profile", "trace", .. restarts ? ["restart s"] : Array.Empty<string>(), "ideal samples", .. policies.Select(p => p.Title(several))];
        foreach (var run in runs)
        {
            yield return
            [
                run.Setting.Profile.Model, run.Part.Trace.Name,
                .. restarts ? [run.RestartCost?.ToString("0.###", CultureInfo.InvariantCulture) ?? "profile's"] : Array.Empty<string>(),
                Number(run.IdealSamples), .. run.Policies.Select(p => Share(run.Fraction(p.Result.Samples))),
            ];
        }

        if (means) yield return ["mean", "", .. restarts ? [""] : Array.Empty<string>(), "", .. policies.Select((_, i) => Share(runs.Average(r => r.Fraction(r.Policies[i].Result.Samples))))];
    }

    private static string Share(double share) => share.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Number(double samples) => samples.ToString(samples < 1e6 ? "#,0.0" : "#,0", CultureInfo.InvariantCulture);
}
