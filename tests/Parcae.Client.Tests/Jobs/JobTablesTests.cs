using Parcae.Cli.Jobs;
using Parcae.Grains;
using Spectre.Console;

namespace Parcae.Client.Tests.Jobs;

/// <summary>How the command shows jobs as tables.</summary>
public sealed class JobTablesTests
{
    [Fact]
    public void A_long_reason_leaves_the_other_columns_of_the_list_whole()
    {
        string reason = string.Join(' ', Enumerable.Repeat("checkpoint of a step that the state vault had, and", 5));
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 100;
        console.Write(JobTables.List([new JobStatus { JobId = "3f2a", Phase = JobPhase.Paused, CommittedStep = 123456, Reason = reason }]));
        string[] lines = output.ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.Contains(lines, l => l.Contains("samples/s", StringComparison.Ordinal) && l.Contains("strategy", StringComparison.Ordinal) && l.Contains("reason", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.Contains("3f2a", StringComparison.Ordinal) && l.Contains("paused", StringComparison.Ordinal) && l.Contains("123456", StringComparison.Ordinal));
        Assert.All(lines, l => Assert.InRange(l.TrimEnd().Length, 0, 100));
        Assert.Equal(5, lines.Count(l => l.Contains("checkpoint", StringComparison.Ordinal)));
    }
}
