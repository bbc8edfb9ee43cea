using System.Text.Json;
using System.Text.RegularExpressions;
using Parcae.EndToEnd.Terminals;
using Parcae.Grains;
using Xunit;

namespace Parcae.EndToEnd;

/// <summary>A job from its document to its report through the command, with the live screens on a pseudo-terminal.</summary>
[Collection("one at a time")]
public sealed partial class JobsTests(ReplayService service) : IClassFixture<ReplayService>
{
    [Fact]
    public async Task A_job_is_submitted_watched_paused_resumed_downloaded_and_reported_and_the_screen_survives_an_outage()
    {
        string document = JobSpecDocument.Write(ReplayService.Spec("typed"), JobSpecFormat.Yaml);
        await File.WriteAllTextAsync(Path.Combine(service.Folder, "job.yaml"), document, TestContext.Current.CancellationToken);
        await using var terminal = new TerminalProcess(
            service.Folder, "jobs", "submit", "job.yaml", "--id", "typed", "--watch", "--set", "training.checkpointEvery=5", "--set", "training.checkpointsKept=1000", "--redis", service.Redis);

        await terminal.ShowsAsync("Submit it? [Y/n]");
        Assert.Matches(@"strategy +\d x \d", terminal.Text);
        Assert.Matches(@"speed +[\d.]+ samples/s expected over what may be preempted", terminal.Text);
        Assert.Matches(@"cost +2\.75 USD an hour", terminal.Text);
        Assert.Matches(@"fleet +default: 3 instances usable, 3 free", terminal.Text);
        await terminal.TypeAsync("y\r");

        await terminal.ShowsAsync(text => Training().IsMatch(text) && ReplayService.Workers.All(w => text.Contains(w, StringComparison.Ordinal)), "a plan on all workers");
        Assert.Contains("pipeline 1", terminal.Text, StringComparison.Ordinal);
        Assert.True(terminal.HadColours);
        Assert.False(terminal.CursorVisible);
        await terminal.ShowsAsync(text => text.Contains('●') && text.Contains('▒') && Loss().IsMatch(text), "availability with its forecast, and the loss");

        await using (var pause = new JobsProcess(service, "jobs", "pause", "typed")) await pause.ResultAsync();
        await terminal.ShowsAsync(text => text.Contains("paused", StringComparison.Ordinal) && !Training().IsMatch(text), "a pause");
        await using (var resume = new JobsProcess(service, "jobs", "resume", "typed")) await resume.ResultAsync();
        await terminal.ShowsAsync(text => Training().IsMatch(text), "training again");

        // With the only control silo go the job's grain and the client's gateway.
        await service.LoseControlAsync();
        await terminal.ShowsAsync("the service does not answer");
        await service.BringControlBackAsync();
        await terminal.ShowsAsync(text => !text.Contains("does not answer", StringComparison.Ordinal) && Training().IsMatch(text), "the job after the outage");

        await ReplayService.UntilAsync(async () => await service.Client.GetCheckpointsAsync("typed") is [_, .., { Step: >= 5 }], "there are checkpoints");
        await using (var download = new JobsProcess(service, "jobs", "download", "typed", "--step", "5"))
        {
            var fetched = await download.ResultAsync();
            Assert.Equal(
                await File.ReadAllBytesAsync(Path.Combine(service.Folder, "checkpoints", "typed", "step-0000000005.safetensors"), TestContext.Current.CancellationToken),
                await File.ReadAllBytesAsync(fetched.GetProperty("file").GetString()!, TestContext.Current.CancellationToken));
        }

        var history = await service.FinishAsync("typed");
        Assert.Equal(0, await terminal.EndAsync());
        Assert.Contains("completed", terminal.Text, StringComparison.Ordinal);
        Assert.True(terminal.CursorVisible);
        Assert.Equal((0, 0, 0), (history.Ledger.SamplesLost, history.Ledger.SamplesRepeated, history.Ledger.ReplayMismatches));

        await using (var report = new JobsProcess(service, "jobs", "report", "typed"))
        {
            var figures = await report.ResultAsync();
            Assert.Equal(history.Steps.Length, figures.GetProperty("steps").GetInt32());
            Assert.Equal(history.Steps.Select(s => s.Loss), figures.GetProperty("losses").EnumerateArray().Select(l => l.GetDouble()));
            Assert.Contains("Parcae job", await File.ReadAllTextAsync(figures.GetProperty("reportPath").GetString()!, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }

        await using var list = new JobsProcess(service, "jobs", "list");
        Assert.Contains((await list.ResultAsync()).EnumerateArray(), j => j.GetProperty("jobId").GetString() == "typed" && j.GetProperty("phase").GetString() == "completed");
    }

    [Fact]
    public async Task A_replay_on_a_terminal_shows_the_grid_the_trace_and_its_end()
    {
        string job = await service.TrainingAsync("shown");
        string trace = DemoProcess.WriteTrace(Directory.CreateDirectory(Path.Combine(service.Folder, "shown")).FullName, "3 2 3");
        await using var terminal = new TerminalProcess(service.Folder, "replay", "--trace", trace, "--job", job, "--interval", "3", "--unannounced", "0", "--redis", service.Redis);
        await terminal.ShowsAsync(text => text.Contains("parcae replay", StringComparison.Ordinal) && text.Contains("pipeline 1", StringComparison.Ordinal) && text.Contains(" of 3", StringComparison.Ordinal), "the grid and the trace");
        Assert.Equal(0, await terminal.EndAsync());
        Assert.Contains("1 with notice, 0 without", terminal.Text, StringComparison.Ordinal);
        Assert.True(terminal.HadColours && terminal.CursorVisible);
        await service.FinishAsync(job);
    }

    /// <summary>The plan in force, as the screen has it while the job trains.</summary>
    [GeneratedRegex(@"strategy +\d+ x \d+ +generation")]
    private static partial Regex Training();

    [GeneratedRegex(@"loss +\d+\.\d{4} +[▁-█]+")]
    private static partial Regex Loss();
}

/// <summary>The demo's live screen on a pseudo-terminal.</summary>
[Collection("one at a time")]
public sealed class DemoTerminalTests
{
    [Fact]
    public async Task The_demo_shows_its_grid_its_trace_and_what_it_came_to()
    {
        string folder = Directory.CreateTempSubdirectory("parcae-e2e-").FullName;
        try
        {
            await using var terminal = new TerminalProcess(folder, "demo", "--trace", DemoProcess.WriteTrace(folder, "2 2 2"), "--instances", "2", "--interval", "3", "--steps", "8", "--folder", "work", "--report", "report.html");
            await terminal.ShowsAsync(text => text.Contains("pipeline 1", StringComparison.Ordinal) && text.Contains("stage 2", StringComparison.Ordinal) && text.Contains('━'), "the grid and the trace's bar");
            Assert.False(terminal.CursorVisible);
            Assert.Equal(0, await terminal.EndAsync());
            Assert.Contains("committed, 0 lost, 0 repeated", terminal.Text, StringComparison.Ordinal);
            Assert.True(terminal.HadColours && terminal.CursorVisible);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
