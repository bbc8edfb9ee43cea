using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Demo.View;

/// <summary>The plan: one row a pipeline, one column a stage, an instance in each place; spares below.</summary>
internal static class PlanGrid
{
    private const int NameWidth = 12;
    private const int CellWidth = 10;

    /// <summary>The grid.</summary>
    public static List<string> Lines(DemoSnapshot now, JobStatus status)
    {
        var lines = new List<string>();
        // While the job pauses or changes over, the places are where they were: shown, but dimmed.
        bool live = status.Phase is JobPhase.Training;
        if (status.Plan is { } plan)
        {
            lines.Add(Row("", Enumerable.Range(1, plan.Depth).Select(stage => $"[grey]stage {stage}[/]")));
            for (int d = 0; d < plan.Pipelines; d++)
                lines.Add(Row($"pipeline {d + 1}", Enumerable.Range(0, plan.Depth).Select(p => Instance(plan.At(d, p).Peer.InstanceId, now, live))));
        }
        else
        {
            lines.Add(Row("", ["[grey]no plan yet[/]"]));
        }

        if (status.Spares.Length > 0) lines.Add(Row("spare", status.Spares.Select(s => Instance(s, now, live: false))));
        if (now.Starting.Count > 0) lines.Add(Row("starting", now.Starting.Order(StringComparer.Ordinal).Select(s => $"[grey]{Markup.Escape(s)}[/]")));
        return lines;
    }

    private static string Row(string name, IEnumerable<string> cells) =>
        $"[grey]{name.PadRight(NameWidth)}[/]{string.Concat(cells.Select(c => MarkupLines.Pad(c, CellWidth)))}";

    private static string Instance(string id, DemoSnapshot now, bool live)
    {
        string name = Markup.Escape(id);
        if (now.Draining.Contains(id)) return $"[yellow]{name} ↓[/]";
        return live ? $"[green]{name}[/]" : $"[grey]{name}[/]";
    }
}
