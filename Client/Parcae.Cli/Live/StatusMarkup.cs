using Parcae.Cli.Demo.View;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Cli.Live;

/// <summary>What every screen says of a job in the same words and colours.</summary>
internal static class StatusMarkup
{
    /// <summary>Where a job is in its life, with its strategy or the reason.</summary>
    /// <param name="status">The job.</param>
    /// <param name="reasonRoom">Columns that a reason may take.</param>
    public static string Phase(JobStatus status, int reasonRoom)
    {
        string strategy = status.Plan is { } p ? $"{p.Pipelines} x {p.Depth}" : "";
        string reason = Markup.Escape(MarkupLines.Shorten(status.Reason ?? "", Math.Max(10, reasonRoom)));
        return status.Phase switch
        {
            JobPhase.Training => $"[bold green]{strategy}[/]",
            JobPhase.Reconfiguring => $"[bold yellow]reconfiguring[/] [grey]{strategy}[/]",
            JobPhase.Paused => $"[bold yellow]paused[/] [grey]{reason}[/]",
            JobPhase.Failed => $"[bold red]failed[/] {reason}",
            JobPhase.Completed => $"[bold green]completed[/] [grey]{strategy}[/]",
            _ => $"[bold]{$"{status.Phase}".ToLowerInvariant()}[/] [grey]{reason}[/]",
        };
    }

    /// <summary>The last change of the plan, on two lines.</summary>
    /// <param name="add">Adds a line with a name.</param>
    /// <param name="last">The change.</param>
    /// <param name="room">Columns beside the names.</param>
    public static void LastChange(Action<string, string> add, GenerationRecord last, int room)
    {
        add("last change", Markup.Escape(MarkupLines.Shorten(last.Cause, room)));
        add("", $"[grey]{Words.Kind(last.Kind)}, pause[/] {Words.Milliseconds(last.PauseMilliseconds)}[grey], moved[/] {Words.Bytes(last.BytesMoved)}");
    }
}
