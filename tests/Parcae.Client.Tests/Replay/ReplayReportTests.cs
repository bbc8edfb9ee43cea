using System.Text.Json;

using Parcae.Cli.Demo;
using Parcae.Cli.Replay;
using Parcae.Cli.Replay.Acting;
using Parcae.Cli.Replay.Results;
using Parcae.Cli.Report;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Replay;

public sealed class ReplayReportTests
{
    private readonly FakeRun _run = new();

    [Fact]
    public void The_report_is_the_demos_over_the_time_of_the_replay()
    {
        var outcome = Outcome(stopped: "interrupted", notBack: []);
        string html = HtmlReport.Render(ReplayReport.Of(Setting(), outcome, new DemoProgress("m", "t", [2, 3], TimeProvider.System)));
        foreach (string said in (string[])
            [
                "<title>Parcae replay: demo-12ab34cd</title>", "seconds since the replay began", "steps after step 10", "parcae replay --trace t.txt --from 1 --fit clamp --interval 10 --unannounced 0.2 --seed 4",
                "t has at most 3 instances", "7 of 60 intervals of 10 s", "interrupted", "The job planned live: forecast persistence, 12 intervals of 60 s ahead.",
            ])
        {
            Assert.Contains(said, html, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("since the job was submitted", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_document_is_the_demos_with_a_part_of_its_own_that_a_demos_has_not()
    {
        using var document = JsonDocument.Parse(Outcome(stopped: null, notBack: ["b"]).Result.ToJson());
        using var demo = JsonDocument.Parse(_run.Result.ToJson());
        Assert.False(demo.RootElement.TryGetProperty("replay", out _));
        Assert.Equal([.. demo.RootElement.EnumerateObject().Select(p => p.Name), "replay"], document.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            ["trace", "fit", "intervalSeconds", "intervals", "ofIntervals", "workers", "policy", "stopped", "notBack"],
            document.RootElement.GetProperty("replay").EnumerateObject().Select(p => p.Name));
    }

    [Fact]
    public void What_was_promised_and_not_kept_is_named()
    {
        Assert.Empty(Outcome(null, []).Faults);
        Assert.Equal(
            ["the replay stopped after 7 of 60 intervals: interrupted", "b did not come back"], Outcome("interrupted", ["b"]).Faults);
        var lost = Outcome(null, []) with { History = _run.History with { Ledger = new JobLedger { SamplesLost = 3, ReplayMismatches = 1 } } };
        Assert.Equal(["3 samples were lost", "1 steps were different when run again"], lost.Faults);
    }

    /// <summary>A whole document.</summary>
    internal static string Document() => new ReplayReportTests().Outcome(stopped: null, notBack: []).Result.ToJson();

    private ReplaySetting Setting() => new(
        "r1", new ReplayOptions { Trace = "t.txt", From = 1, Fit = Cli.Replay.Fleet.FleetFitting.Clamp, Minute = TimeSpan.FromSeconds(10), Seed = 4 },
        new ReplaySource(_run.Trace, TimeSpan.FromSeconds(10), null, []), [], TimeSpan.FromMinutes(1), "t has at most 3 instances: its counts are taken as they are",
        TraceReplay.Create(_run.Replay.Counts, 0.2, 4), new JobStatus { JobId = "demo-12ab34cd", Phase = JobPhase.Training });

    private ReplayOutcome Outcome(string? stopped, string[] notBack)
    {
        var history = _run.History with { Steps = _run.History.Steps[10..], SubmittedAt = FakeRun.Begin };
        return new ReplayOutcome(_run.Result with { Replay = ReplayResult.Of(Setting(), 7, stopped, notBack) }, history);
    }
}
