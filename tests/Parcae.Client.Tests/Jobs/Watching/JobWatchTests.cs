using Parcae.Cli.Commands;
using Parcae.Cli.Jobs.Watching;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Client.Tests.Jobs.Watching;

public sealed class JobWatchTests : IAsyncDisposable
{
    private readonly FakeJobs _service = new();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Theory]
    [InlineData(120, 40)]
    [InlineData(80, 30)]
    [InlineData(46, 20)]
    public async Task The_picture_shows_the_grid_the_figures_the_forecast_and_what_happened_within_its_width(int width, int height)
    {
        var watch = new JobWatch(_service, FakeJobs.JobId, TimeProvider.System);
        string[] picture = [];
        await watch.RunAsync(update => picture = update.IsFinal ? picture : Draw(watch.Snapshot(), width, height), _ => { }, TestContext.Current.CancellationToken);

        string all = string.Join('\n', picture);
        Assert.All(picture, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        foreach (string id in _service.Status.Plan!.Places.Take(width / 16).Select(p => p.Peer.InstanceId)) Assert.Contains(id, all, StringComparison.Ordinal);
        Assert.Contains($"{_service.Fleet.Instances[0].Info.Id} ↓", all, StringComparison.Ordinal);
        Assert.Matches(@"loss\s+2\.3526\s+[▁-█]{8}", all);
        Assert.Matches(@"samples/s\s+41\.7", all);
        Assert.Contains("generation 1: 2 x 3 from step 0 [first]"[..Math.Min(39, width - 20)], all, StringComparison.Ordinal);
        Assert.Contains("up to date", all, StringComparison.Ordinal);
        if (height < 30) return;
        Assert.Contains("● counted   ▒ forecast, central half   ░ four fifths", all, StringComparison.Ordinal);
        Assert.Matches("┤[●▒░ ]*●", all);
    }

    [Fact]
    public void A_job_that_is_not_known_yet_and_a_service_that_does_not_answer_are_shown_too()
    {
        Assert.Contains("asking for the job", string.Join('\n', Draw(new JobView(), 80, 24)), StringComparison.Ordinal);
        var view = new JobView { Age = TimeSpan.FromMinutes(5), Status = new JobStatus { JobId = "j", Phase = JobPhase.Paused, Reason = "[2] instances" }, Interruption = "TimeoutException" };
        string all = string.Join('\n', Draw(view, 80, 24));
        Assert.Contains("paused [2] instances", all, StringComparison.Ordinal);
        Assert.Contains("the service does not answer (TimeoutException); asking on", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steps_that_are_run_again_replace_what_they_were()
    {
        var watch = new JobWatch(new Again(), "j", TimeProvider.System);
        await watch.RunAsync(_ => { }, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal([5, 4, 3.5, 3], watch.Snapshot().Losses);
    }

    [Fact]
    public async Task Without_a_terminal_there_are_lines_and_an_outage_is_told_once()
    {
        var (code, output, _) = await CommandRun.RunAsync($"jobs watch {FakeJobs.JobId}", _service);
        Assert.Equal(0, code);
        string[] lines = output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        Assert.Equal("12:00:00  submitted", lines[0]);
        Assert.StartsWith($"{FakeJobs.JobId}  training  step {_service.Status.CommittedStep}  loss 2.3526", lines[3], StringComparison.Ordinal);
        Assert.Equal(["the service does not answer (TimeoutException); asking on", "the service answers again", "12:01:00  completed"], lines[4..7]);
        Assert.StartsWith($"{FakeJobs.JobId}  completed", lines[7], StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_last_picture_stays()
    {
        var (code, output, _) = await CommandRun.RunAsync($"jobs watch {FakeJobs.JobId}", _service, terminal: true);
        Assert.Equal(0, code);
        Assert.Contains("completed", output[output.LastIndexOf("parcae jobs watch", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_job_is_a_failure()
    {
        _service.Status = _service.Status with { Phase = JobPhase.Failed };
        var watch = new FailedJob();
        var (code, _, _) = await CommandRun.RunAsync("jobs watch j --json", watch);
        Assert.Equal(ParcaeCommand.Failed, code);
    }

    [Fact]
    public void Bands_of_the_past_are_what_was_forecast_one_interval_before_and_those_ahead_have_no_count()
    {
        var bands = new AvailabilityBands(new PlanningSpec { LookAhead = 3, Forecast = "persistence" });
        AvailabilityInterval[] intervals = [new(5, 0, 0), new(5, 0, 0), new(6, 1, 0), new(4, 0, 2)];
        var made = bands.Of(intervals);
        Assert.Equal([(-1, 6), (0, 4), (1, AvailabilityBands.NotYet), (2, AvailabilityBands.NotYet), (3, AvailabilityBands.NotYet)], made.Select(b => (b.Interval, b.Actual)));
        Assert.All(made, b => Assert.True(b.Low80 <= b.Low50 && b.Low50 <= b.High50 && b.High50 <= b.High80));
        Assert.Same(made, bands.Of([.. intervals]));
        Assert.NotSame(made, bands.Of([.. intervals, new(4, 0, 0)]));
    }

    private static string[] Draw(JobView view, int width, int height)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        console.Write(JobPicture.Of(view, width, height));
        return output.ToString().ReplaceLineEndings("\n").Split('\n');
    }

    private abstract class Scripted(params JobUpdate[] updates) : UnaskedClient
    {
        public override Task<JobStatus> GetStatusAsync(string jobId, CancellationToken cancellation = default) => Task.FromResult(updates[0].Status);

        public override Task<JobHistory> GetHistoryAsync(string jobId, int fromStep = 0, CancellationToken cancellation = default) =>
            Task.FromResult(new JobHistory { Spec = new JobSpec(), Generations = [], Steps = [], Intervals = [], Ledger = new JobLedger() });

        public override Task<FleetSnapshot> GetFleetAsync(string fleet = ParcaeNames.DefaultFleet, CancellationToken cancellation = default) =>
            Task.FromException<FleetSnapshot>(new ParcaeUnavailableException("away"));

        public override async IAsyncEnumerable<JobUpdate> WatchAsync(string jobId, WatchOptions? options = null, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
        {
            foreach (var update in updates)
            {
                await Task.Yield();
                yield return update;
            }
        }
    }

    private sealed class Again() : Scripted(Update(3, Step(0, 5), Step(1, 4), Step(2, 3)), Update(2), Update(4, Step(2, 3.5), Step(3, 3)));

    private sealed class FailedJob() : Scripted(new JobUpdate { Status = new JobStatus { JobId = "j", Phase = JobPhase.Failed }, Events = [] });

    private static JobUpdate Update(int committed, params StepResult[] steps) =>
        new() { Status = new JobStatus { JobId = "j", Phase = JobPhase.Training, CommittedStep = committed }, Events = [], Steps = steps };

    private static StepResult Step(int step, double loss) => new(step, loss, 1, 1, 16, 0.1);
}
