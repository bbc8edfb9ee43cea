using System.Text.RegularExpressions;

using Parcae.Cli.Demo;
using Parcae.Cli.Demo.Results;
using Parcae.Cli.Report;
using Parcae.Cli.Report.Charts;
using Parcae.Client.Tests.Fakes;

namespace Parcae.Client.Tests.Report;

public sealed partial class HtmlReportTests
{
    /// <summary>Set to a path, the sample report is written there, to look at.</summary>
    private const string SampleVariable = "PARCAE_SAMPLE_REPORT";

    [Fact]
    public void The_report_shows_key_figures_charts_reconfigurations_and_how_it_was_made()
    {
        var run = new FakeRun();
        string html = HtmlReport.Render(Data(run, Verification.Compare(run.History.Steps, run.History.Steps)));
        if (Environment.GetEnvironmentVariable(SampleVariable) is { Length: > 0 } path) File.WriteAllText(path, html);
        foreach (string title in (string[])["Loss", "Instances", "Strategy", "Throughput"]) Assert.Contains($"<h3>{title}</h3>", html);
        Assert.Equal(run.History.Generations.Length, Regex.Count(html, "<td data-name=\"#\""));
        Assert.Contains("bit for bit", html);
        Assert.Contains("parcae demo --instances 6 --interval 3 --trace LADP --unannounced 0.2 --seed 1", html);
        Assert.Contains("Planning treated every worker", html);
        Assert.Contains("prefers-color-scheme: dark", html);
    }

    [Fact]
    public void The_report_needs_nothing_from_outside()
    {
        string html = HtmlReport.Render(Data(new FakeRun(), null));
        Assert.DoesNotMatch(External(), html);
    }

    [Fact]
    public void Everything_from_outside_is_escaped()
    {
        const string Evil = "</script><script>alert('x')</script>\"<b>&";
        var run = new FakeRun(new DemoOptions { Data = [Evil], Report = "/tmp/r.html" });
        var data = Data(run, null);
        var evil = data.History.Generations[1] with { Cause = Evil, Source = Evil };
        data = data with
        {
            Result = data.Result with { JobId = Evil, Model = Evil },
            History = data.History with { Generations = [data.History.Generations[0], evil] },
            Events = [new DemoEvent(TimeSpan.Zero, DemoEventKind.Trouble, Evil)],
            Made = [("data", Evil)],
            PlanningNote = Evil,
        };
        string html = HtmlReport.Render(data);
        Assert.DoesNotContain("<script>alert", html);
        Assert.DoesNotContain("<b>&", html);
        // The four readouts and the script of the report itself.
        Assert.Equal(5, Regex.Count(html, "</script>"));
    }

    [Fact]
    public void A_verification_that_failed_is_said_loudly()
    {
        var run = new FakeRun();
        var steps = run.History.Steps;
        var other = steps.ToArray();
        other[10] = other[10] with { Loss = 9 };
        string html = HtmlReport.Render(Data(run, Verification.Compare(steps, other)));
        Assert.Contains("verdict bad", html);
        Assert.Contains("1 of", html);
    }

    [Fact]
    public void A_run_without_a_single_step_still_has_a_report()
    {
        var run = new FakeRun();
        var empty = run.History with { Steps = [], Generations = [], Intervals = [] };
        var data = Data(run, null) with { History = empty, Throughput = [], Events = [], Result = DemoResult.Of("j", empty, [3], new PreemptionCounts(0, 0), 0, "/tmp/r.html") };
        string html = HtmlReport.Render(data);
        Assert.DoesNotContain("NaN", html);
        Assert.DoesNotContain("∞", html);
    }

    [Fact]
    public void Ticks_are_round_numbers_within_the_range()
    {
        Assert.Equal(["0", "50", "100", "150"], Ticks.Round(0, 180, 4).Select(t => t.Label));
        Assert.Equal(["2.0", "2.5", "3.0"], Ticks.Round(1.9, 3.1, 3).Select(t => t.Label));
        Assert.Equal(["0", "1", "2"], Ticks.Round(0, 2, 8, whole: true).Select(t => t.Label));
        Assert.Equal(["0", "5,000", "10,000"], Ticks.Round(0, 10_000, 2).Select(t => t.Label));
    }

    private static ReportData Data(FakeRun run, Verification? verification)
    {
        var outcome = run.Outcome(verification);
        var progress = new DemoProgress("GPT", run.Trace.Name, run.Replay.Counts, TimeProvider.System);
        progress.Event(DemoEventKind.Info, "starting 4 workers");
        progress.Event(DemoEventKind.Cloud, "i-0003 has a notice: 3 s left");
        progress.Event(DemoEventKind.Job, "generation 2: 2 x 2 at step 12, inter-stage, pause 212 ms");
        progress.Event(DemoEventKind.Trouble, "i-0002: unexpected exit (code 134); the end of its log:\nterminate called");
        return ReportData.Of(run.Setting, outcome, progress) with { Throughput = run.Throughput };
    }

    [GeneratedRegex("""(src|href)\s*=|https?://|@import|url\(""")]
    private static partial Regex External();
}
