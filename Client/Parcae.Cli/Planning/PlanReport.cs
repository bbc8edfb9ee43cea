using System.Globalization;

using Parcae.Cli.Commands;
using Parcae.Liveput;
using Parcae.Liveput.Costs;
using Parcae.Liveput.Planning.Explaining;

using Spectre.Console;

namespace Parcae.Cli.Planning;

/// <summary>An explained decision as tables and sentences, or as one document.</summary>
/// <param name="Profile">The model.</param>
/// <param name="History">Where the past is from.</param>
/// <param name="Forecaster">Who forecast.</param>
/// <param name="CostModel">Who priced the changes.</param>
/// <param name="SpotUsdPerHour">Of an instance.</param>
/// <param name="Top">How many candidates are shown.</param>
/// <param name="Explanation">The decision.</param>
internal sealed record PlanReport(string Profile, string History, string Forecaster, string CostModel, double SpotUsdPerHour, int Top, PlanExplanation Explanation)
{
    /// <summary>What <c>--json</c> prints; strategies are <c>[D, P]</c>, a pause <c>[0, 0]</c>.</summary>
    public object ToDocument() => new
    {
        profile = Profile,
        history = History,
        forecaster = Forecaster,
        costModel = CostModel,
        strategy = Pair(Explanation.Strategy),
        current = Pair(Explanation.Current),
        intactPipelines = Explanation.IntactPipelines,
        available = Explanation.Available,
        instancesBeyondBudget = Explanation.InstancesBeyondBudget,
        usdPerHour = UsdPerHour,
        intervalSeconds = Explanation.IntervalSeconds,
        expectedSamples = Explanation.ExpectedSamples,
        reason = Explanation.Reason,
        steps = Explanation.Steps,
        candidateCount = Explanation.Candidates.Count,
        candidates = Shown.Select(c => new
        {
            strategy = Pair(c.Strategy),
            spares = c.Spares,
            throughput = c.Throughput,
            liveput = c.Liveput,
            change = c.Change is { } kind ? Kind(kind) : null,
            migrationSeconds = c.MigrationSeconds,
            migrationParts = c.MigrationParts.Select(p => new { name = p.Name, seconds = p.Seconds }),
            expectedSamples = c.ExpectedSamples,
            samplesBehind = c.SamplesBehind,
            chosen = c.Chosen,
            why = c.Why,
        }),
        forecast = Explanation.Forecast,
    };

    /// <summary>Prints it for people.</summary>
    public void Write(CommandContext context)
    {
        var console = context.CreateConsole();
        context.Output.WriteLine($"{Profile} on {Explanation.Available} instances ({History}): {Explanation.Strategy}, {UsdPerHour.ToString("0.00", CultureInfo.InvariantCulture)} USD/h");
        foreach (string step in Explanation.Steps) context.Output.WriteLine($"  {step}");
        if (Explanation.Candidates.Count > 0) console.Write(Candidates());
        int hidden = Explanation.Candidates.Count - Shown.Count;
        if (hidden > 0) context.Output.WriteLine($"  and {hidden} more (--top {Explanation.Candidates.Count} shows all)");
        if (Shown.Find(c => c.Chosen) is { MigrationParts.Count: > 0 } chosen)
            context.Output.WriteLine($"  {chosen.Strategy} in {Number(chosen.MigrationSeconds)} s ({CostModel} costs): {string.Join(", ", chosen.MigrationParts.Select(p => $"{Number(p.Seconds)} {p.Name}"))}");
        console.Write(Forecast());
    }

    private double UsdPerHour => Math.Round((Explanation.Available - Explanation.InstancesBeyondBudget) * SpotUsdPerHour, 4);

    /// <summary>The best, and the chosen one wherever it stands.</summary>
    private List<CandidateExplanation> Shown => [.. Explanation.Candidates.Where((c, i) => i < Top || c.Chosen)];

    private static int[] Pair(Strategy strategy) => [strategy.Pipelines, strategy.Depth];

    private static string Kind(MigrationCaseKind kind) => kind switch
    {
        MigrationCaseKind.IntraStage => "intra-stage",
        MigrationCaseKind.InterStage => "inter-stage",
        MigrationCaseKind.Pipeline => "pipeline",
        _ => "start",
    };

    private Table Candidates()
    {
        var table = Plain("", "strategy", ">spares", ">samples/s", ">liveput", "change", ">s", ">samples", ">behind", "why");
        foreach (var c in Shown)
        {
            Add(table, c.Chosen ? "*" : "", $"{c.Strategy}", $"{c.Spares}", Number(c.Throughput), Number(c.Liveput), c.Change is { } kind ? Kind(kind) : "none", Number(c.MigrationSeconds),
                Whole(c.ExpectedSamples), c.Chosen ? "" : Whole(c.SamplesBehind), c.Why);
        }

        return table;
    }

    private Table Forecast()
    {
        var table = Plain([$"forecast ({Forecaster})", .. Explanation.Forecast.Select(f => $">+{f.Interval + 1}")]);
        Add(table, ["instances, mean", .. Explanation.Forecast.Select(f => f.MeanAvailable.ToString("0.0", CultureInfo.InvariantCulture))]);
        Add(table, ["10 % .. 90 %", .. Explanation.Forecast.Select(f => $"{f.LowAvailable}..{f.HighAvailable}")]);
        Add(table, ["lost, mean", .. Explanation.Forecast.Select(f => f.MeanLost.ToString("0.0#", CultureInfo.InvariantCulture))]);
        Add(table, ["lost, 90 %", .. Explanation.Forecast.Select(f => $"{f.HighLost}")]);
        return table;
    }

    /// <summary>Columns by their names; a leading &gt; aligns to the right.</summary>
    private static Table Plain(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
        {
            var added = new TableColumn(Markup.Escape(column.TrimStart('>'))).NoWrap();
            table.AddColumn(column.StartsWith('>') ? added.RightAligned() : added);
        }

        return table;
    }

    private static void Add(Table table, params string[] cells) => table.AddRow(cells.Select(c => new Text(c)));

    private static string Number(double value) => value.ToString(Math.Abs(value) < 100 ? "0.0#" : "0", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
}
