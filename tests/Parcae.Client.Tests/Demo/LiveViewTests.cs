using Parcae.Cli.Demo;
using Parcae.Cli.Demo.View;
using Parcae.Client.Tests.Fakes;
using Parcae.Grains;

using Spectre.Console;

namespace Parcae.Client.Tests.Demo;

public sealed class LiveViewTests
{
    [Fact]
    public void The_picture_shows_places_spares_draining_figures_trace_and_events()
    {
        var now = new FakeRun().SnapshotAt(20);
        string text = Draw(LivePicture.Of(now, 110, 40), 110);
        foreach (var place in now.Status!.Plan!.Places) Assert.Contains(place.Peer.InstanceId, text);
        Assert.Contains($"{now.Draining.Single()} ↓", text);
        Assert.Matches(@"starting\s+i-0042", text);
        Assert.Contains("stage 2", text);
        Assert.Contains("41.7 samples/s", text);
        Assert.Contains("20 of 60", text);
        Assert.Contains("unexpected exit (code 134)", text);
        Assert.StartsWith("parcae demo", text.TrimStart(), StringComparison.Ordinal);
        Assert.StartsWith("parcae replay", Draw(LivePicture.Of(now with { Title = "parcae replay" }, 110, 40), 110).TrimStart(), StringComparison.Ordinal);
        // Log tails stay in the log.
        Assert.DoesNotContain("terminate called", text);
    }

    [Theory]
    [InlineData(40, 12)]
    [InlineData(80, 24)]
    [InlineData(200, 60)]
    public void The_picture_fits_the_terminal(int width, int height)
    {
        foreach (double position in (double[])[1, 15, 30, 59])
        {
            string text = Draw(LivePicture.Of(new FakeRun().SnapshotAt(position), width, height), width);
            Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        }
    }

    [Fact]
    public void Before_the_job_the_picture_says_what_is_being_done()
    {
        var progress = new DemoProgress("GPT", "LADP", [3, 2], TimeProvider.System);
        progress.Stage("starting the store");
        Assert.Contains("starting the store", Draw(LivePicture.Of(progress.Snapshot(), 80, 24), 80));
    }

    [Fact]
    public void Names_are_never_taken_for_markup()
    {
        var progress = new DemoProgress("a [bold] model", "[red]", [3, 2], TimeProvider.System);
        progress.Event(DemoEventKind.Trouble, "[/] [nonsense]");
        progress.Update(new JobStatus { JobId = "j", Phase = JobPhase.Paused, Reason = "[x]", Spares = ["[y]"] }, []);
        Assert.Contains("[nonsense]", Draw(LivePicture.Of(progress.Snapshot(), 100, 30), 100));
    }

    [Fact]
    public async Task Plain_lines_carry_the_time_and_log_tails()
    {
        using var output = new StringWriter();
        var progress = new DemoProgress("GPT", "LADP", [3, 2], TimeProvider.System);
        using var stop = new CancellationTokenSource();
        progress.Stage("starting the store");
        var view = new PlainView(output, progress).RunAsync(stop.Token);
        progress.Event(DemoEventKind.Trouble, "i-0001: unexpected exit\nno memory");
        await stop.CancelAsync();
        await view;
        Assert.Equal(["00:00  starting the store", "00:00  i-0001: unexpected exit", "       no memory", ""], output.ToString().ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public void The_status_line_tells_all_in_one_line()
    {
        string line = PlainView.Line(new FakeRun().SnapshotAt(20))!;
        Assert.Matches(@"^step \d+  loss \d\.\d{4}  41\.7 samples/s  \d x \d  \d available, \d\.\d expected  aws-p3:LADP 20/60$", line);
    }

    [Fact]
    public void A_step_that_is_run_again_replaces_its_loss()
    {
        var progress = new DemoProgress("GPT", "LADP", [3], TimeProvider.System);
        var status = new JobStatus { JobId = "j", Phase = JobPhase.Training };
        progress.Update(status, [Step(0, 5), Step(1, 4), Step(2, 3)]);
        progress.Update(status, [Step(1, 4.5)]);
        Assert.Equal([5, 4.5], progress.Snapshot().Losses);
    }

    [Fact]
    public void The_summary_tells_pauses_by_kind_and_how_planning_saw_the_machine()
    {
        var run = new FakeRun();
        var output = new StringWriter();
        DemoSummary.Write(Console(output, 140), run.Setting, run.Outcome());
        string text = output.ToString();
        Assert.Contains("Planning treated every worker as an accelerator of its own with a memory limit of 23.5 MB", text.ReplaceLineEndings(" "));
        Assert.Contains("0 lost, 0 repeated", text);
        Assert.Contains("pipeline", text);
    }

    [Fact]
    public void A_sparkline_follows_its_values()
    {
        Assert.Equal("▁▂▃▄▅▆▇█", Sparkline.Of([1, 2, 3, 4, 5, 6, 7, 8], 8));
        Assert.Equal("▁█", Sparkline.Of([1, 1, 9, 9], 2));
        Assert.Equal("", Sparkline.Of([], 8));
        Assert.Equal("▁▁", Sparkline.Of([3, 3], 8));
    }

    private static StepResult Step(int step, double loss) => new(step, loss, 1, 1, 16, 0.1);

    private static IAnsiConsole Console(TextWriter output, int width)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    private static string Draw(Spectre.Console.Rendering.IRenderable picture, int width)
    {
        using var output = new StringWriter();
        Console(output, width).Write(picture);
        return output.ToString();
    }
}
