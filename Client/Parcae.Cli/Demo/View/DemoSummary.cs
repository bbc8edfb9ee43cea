using Parcae.Cli.Demo.Results;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>What a demo came to, at its end.</summary>
internal static class DemoSummary
{
    /// <summary>Writes it.</summary>
    public static void Write(IAnsiConsole console, DemoSetting setting, DemoOutcome outcome) => Write(
        console, outcome.Result, outcome.History, outcome.Verification, $"{setting.Trace.Name}, {setting.Options.Interval.TotalSeconds:0.###} s an interval", outcome.PlanningNote);

    /// <summary>Writes it.</summary>
    /// <param name="console">Where.</param>
    /// <param name="result">The figures.</param>
    /// <param name="history">The job.</param>
    /// <param name="verification">The comparison with an undisturbed run, or null.</param>
    /// <param name="trace">The trace in words.</param>
    /// <param name="note">What the reader must know besides.</param>
    public static void Write(IAnsiConsole console, DemoResult result, JobHistory history, Verification? verification, string trace, string note)
    {
        var ledger = history.Ledger;
        var table = new Table { Border = TableBorder.Rounded };
        table.BorderColor(Color.Grey);
        table.AddColumn(new TableColumn("result").NoWrap());
        table.AddColumn(new TableColumn(""));
        void Add(string name, string text, string style = "default") => table.AddRow(new Markup($"[grey]{name}[/]"), new Text(text, Style.Parse(style)));

        Add("steps", $"{result.Steps} in {result.WallSeconds:0.0} s, {result.GlobalBatch} samples each");
        Add("loss", result.FirstLoss is { } first ? $"{first:0.0000} at first, {result.FinalLoss:0.0000} at last" : "no step was committed");
        Add("speed", $"{(result.WallSeconds > 0 ? result.SamplesCommitted / result.WallSeconds : 0):0.0} samples/s over all");
        Add("instances", $"{result.Instances.Start} at first, {result.Instances.Min} to {result.Instances.Max} ({trace})");
        Add("preemptions", $"{result.Preemptions.Noticed} with notice, {result.Preemptions.Unannounced} without");
        if (result.Chaos is { } chaos)
            Add("faults", $"{chaos.Struck} of {chaos.Ordered} struck{(chaos.Struck > 0 ? ": " : "")}{string.Join(", ", chaos.ByKind.Select(k => $"{k.Value} {k.Key}"))}");
        foreach (var kind in history.Generations.GroupBy(g => g.Kind).OrderBy(g => g.Key))
            Add(Words.Kind(kind.Key), $"{kind.Count()} x, pause {Words.Milliseconds(kind.Average(g => g.PauseMilliseconds))} mean, {Words.Milliseconds(kind.Max(g => g.PauseMilliseconds))} most");
        bool clean = ledger is { SamplesLost: 0, SamplesRepeated: 0 };
        Add("samples", $"{ledger.SamplesCommitted} committed, {ledger.SamplesLost} lost, {ledger.SamplesRepeated} repeated", clean ? "green" : "bold red");
        Add("steps replayed", $"{ledger.StepsReplayed}");
        if (ledger.StepsSkipped > 0) Add("steps skipped", $"{ledger.StepsSkipped}: their gradient was not finite, they changed nothing", "bold red");
        if (result.ValidationLoss is { } validation) Add("validation loss", $"{validation:0.0000}");
        if (verification is not null) Add("verified", verification.Text, verification.Same ? "green" : "bold red");
        Add("report", result.ReportPath);
        console.WriteLine();
        console.Write(table);
        console.Write(new Markup($"[grey]{Markup.Escape(note)}[/]"));
        console.WriteLine();
    }
}
