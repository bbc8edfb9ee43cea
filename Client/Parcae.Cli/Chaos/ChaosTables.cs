using Spectre.Console;

namespace Parcae.Cli.Chaos;

/// <summary>Faults as tables and lines.</summary>
internal static class ChaosTables
{
    /// <summary>What came of a fault, in words.</summary>
    public static string Outcome(FaultRecord fault)
    {
        if (fault.Instance is null) return "not ordered, as no vault follows the job";
        if (!fault.Struck) return fault.Outcome;
        string next = fault.SecondsToNextStep is { } seconds ? $"next step after {seconds:0.00} s" : "no step since";
        return fault.GenerationAfter == fault.GenerationBefore
            ? $"struck, {next}, still generation {fault.GenerationBefore}"
            : $"struck, {next}, generation {fault.GenerationBefore} -> {fault.GenerationAfter}";
    }

    /// <summary>Writes every fault and the job's accounts.</summary>
    public static void Write(IAnsiConsole console, ChaosReport report)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["#", "instance", "point", "kind", "outcome", "next step", "generation"]) table.AddColumn(new TableColumn(column).NoWrap());
        foreach (var f in report.Faults)
        {
            string[] cells =
            [
                $"{f.Number}", f.Instance ?? "-", f.Point, f.Kind, f.Outcome, f.SecondsToNextStep is { } s ? $"{s:0.00} s" : "-", $"{f.GenerationBefore} -> {f.GenerationAfter}",
            ];
            table.AddRow(cells.Select(c => new Text(c)));
        }

        console.Write(table);
        var l = report.Ledger;
        console.WriteLine(
            $"{report.Struck} of {report.Ordered} faults struck; {l.StepsCommitted} steps and {l.SamplesCommitted} samples committed, {l.SamplesLost} lost, {l.SamplesRepeated} repeated; "
            + $"{l.StepsReplayed} steps run again, {l.Mismatches} of them different");
    }
}
