using System.Text.Json;

using Parcae.Cli.Demo;
using Parcae.Cli.Jobs.Reporting;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

namespace Parcae.Client.Tests.Jobs.Reporting;

public sealed class JobReportTests : IAsyncDisposable
{
    private readonly FakeJobs _service = new();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task The_report_has_the_job_its_losses_and_what_the_cloud_did()
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("parcae-test-").FullName, "r.html");
        try
        {
            var (code, output, error) = await CommandRun.RunAsync($"jobs report {FakeJobs.JobId} --out {file} --json", _service);
            Assert.True(code == 0, error);
            var figures = JsonDocument.Parse(output).RootElement;
            Assert.Equal((1, 1), (figures.GetProperty("preemptions").GetProperty("noticed").GetInt32(), figures.GetProperty("preemptions").GetProperty("unannounced").GetInt32()));
            Assert.Equal(file, figures.GetProperty("reportPath").GetString());
            string html = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            foreach (string said in (string[])["Parcae job", "Training through 2 preemptions", "i-0002 is gone without notice", "i-0001 has a notice: 3 s left", "generation 1: 2 x 3 from step 0 [first]", $"parcae jobs report {FakeJobs.JobId}", "0.25 USD"])
                Assert.Contains(said, html, StringComparison.Ordinal);
            Assert.DoesNotContain("http://", html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [Fact]
    public async Task Accounts_that_do_not_add_up_are_a_failure_that_names_them()
    {
        _service.History = _service.History with { Ledger = new JobLedger { SamplesLost = 16 } };
        string folder = Directory.CreateTempSubdirectory("parcae-test-").FullName;
        try
        {
            var (code, _, error) = await CommandRun.RunAsync($"jobs report {FakeJobs.JobId} --out {folder}/r.html", _service);
            Assert.Equal((1, "parcae: FAILED: 16 samples were lost\n"), (code, error.ReplaceLineEndings("\n")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_job_that_never_began_has_a_report_too_and_a_log_that_begins_later_says_so()
    {
        _service.Status = new JobStatus { JobId = FakeJobs.JobId, Phase = JobPhase.Submitted };
        _service.History = _service.History with { Generations = [], Steps = [], Intervals = [], Outline = null };
        _service.Log = [_service.Log[0] with { Sequence = 900 }];
        var report = await JobReport.ReadAsync(_service, FakeJobs.JobId, "/tmp/r.html", TestContext.Current.CancellationToken);
        Assert.Equal(0, report.Result.Steps);
        string html = Cli.Report.HtmlReport.Render(report.ToData());
        Assert.Contains("no step was committed", html, StringComparison.Ordinal);
        Assert.Contains("as far back as the fleet", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_end_where_their_generations_and_their_own_times_put_them()
    {
        var begin = DateTimeOffset.UnixEpoch;
        var history = _service.History with
        {
            SubmittedAt = begin,
            Generations = [Generation(1, 0, begin.AddSeconds(2)), Generation(2, 3, begin.AddSeconds(10))],
            Steps = [.. Enumerable.Range(0, 5).Select(i => new StepResult(i, 1, 1, 0, 16, 0.5))],
        };
        Assert.Equal([2.5, 3.0, 3.5, 10.5, 11.0], StepEnds.Of(history).Select(e => e.Seconds));
        var speed = ThroughputSeries.Of(history);
        Assert.Equal(12, speed.Count);
        Assert.Equal([new ThroughputSample(2.5, 16, 1), new ThroughputSample(3.5, 32, 3), new ThroughputSample(4.5, 0, 3)], speed.Skip(2).Take(3));
        Assert.Equal(5 * 16, speed.Sum(s => s.SamplesPerSecond), 6);
        Assert.Empty(ThroughputSeries.Of(history with { Steps = [] }));
    }

    private GenerationRecord Generation(int number, int atStep, DateTimeOffset at) => _service.History.Generations[0] with { Number = number, AtStep = atStep, At = at };
}
