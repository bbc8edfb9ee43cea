using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>The plan: one row a pipeline, one column a stage, an instance in each place; spares below.</summary>
internal static class PlanGrid
{
    private const string Drained = "[yellow]";

    /// <summary>The grid.</summary>
    public static Table Of(DemoSnapshot now, JobStatus status)
    {
        var plan = status.Plan;
        int depth = plan?.Depth ?? 1;
        var table = new Table { Border = TableBorder.Rounded, ShowRowSeparators = false };
        table.BorderColor(Color.Grey);
        table.AddColumn(new TableColumn(""));
        for (int stage = 0; stage < depth; stage++) table.AddColumn(new TableColumn($"[grey]stage {stage + 1}[/]").NoWrap());
        // While the job pauses or changes over, the places are where they were: shown, but dimmed.
        bool live = status.Phase is JobPhase.Training;
        for (int pipeline = 0; pipeline < (plan?.Pipelines ?? 0); pipeline++)
        {
            var cells = new List<string> { $"[grey]{pipeline + 1}[/]" };
            for (int stage = 0; stage < depth; stage++) cells.Add(Instance(plan!.At(pipeline, stage).Peer.InstanceId, now, live));
            table.AddRow([.. cells]);
        }

        if (plan is null) table.AddRow("", "[grey]no plan yet[/]");
        var rest = status.Spares.Select(s => Instance(s, now, live)).Concat(now.Starting.Order().Select(s => $"[grey]{Markup.Escape(s)} …[/]")).ToArray();
        table.Caption($"[grey]spare[/] {(rest.Length > 0 ? string.Join(' ', rest) : "[grey]none[/]")}");
        return table;
    }

    private static string Instance(string id, DemoSnapshot now, bool live)
    {
        string name = Markup.Escape(id);
        if (now.Draining.Contains(id)) return $"{Drained}{name} ↓[/]";
        return live ? $"[green]{name}[/]" : $"[grey]{name}[/]";
    }
}
